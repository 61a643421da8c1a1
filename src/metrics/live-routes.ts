/** Watching a run: a WebSocket, or server-sent events where the caller asks for no upgrade. See docs/live.md. */
import { invalid, MlflowError } from "../wire/errors";
import type { App } from "../wire/rpc";
import { socketResponse } from "../wire/sockets";
import type { LiveRefusal, LiveRequest } from "./live";
import { runNotActive, runNotFound, withLog } from "./run-logs";
import { MAX_KEYS_SIZE } from "./viewer";

export function liveRoutes(app: App): void {
  app.get("/api/2.0/tidemark/runs/:run_id/live", async (c) => {
    const runId = c.req.param("run_id");
    const asked = liveRequest(runId, new URL(c.req.url).searchParams, c.req.header("Last-Event-ID"));
    const url = `https://run-log/?${encodeURIComponent(JSON.stringify(asked))}`;
    const answer = await withLog(c.env, runId, (log) => log.fetch(url, { headers: { Upgrade: "websocket" } }));
    if (!answer.webSocket) throw refusalError(runId, await answer.json<LiveRefusal>());
    return socketResponse(c.req.raw, answer.webSocket);
  });
}

/**
 * What a query asks for; a browser that comes back to its events says with their last id where it was.
 * Errors: 400 for anything unreadable.
 */
export function liveRequest(runId: string, search: URLSearchParams, lastEventId?: string): LiveRequest {
  const keys = [...new Set(search.getAll("keys").flatMap((list) => list.split(",")))].filter((key) => key !== "");
  // Two bytes a character and a few for each key's own length, at most.
  if (keys.reduce((size, key) => size + 2 * key.length + 8, 0) > MAX_KEYS_SIZE) {
    throw invalid("Too many keys: leave 'keys' out to receive all of them.");
  }
  const fromStep = integer(search, "from_step");
  const fromSequence = integer(search, "from_sequence");
  if (fromStep !== undefined && fromSequence !== undefined) {
    throw invalid("Only one of 'from_step' and 'from_sequence' may be given.");
  }
  const wanted = keys.length > 0 ? { runId, keys } : { runId };
  if (lastEventId !== undefined && /^\d{1,16}$/.test(lastEventId)) {
    return { ...wanted, fromSequence: Number(lastEventId) };
  }
  return { ...wanted, fromStep, fromSequence };
}

function integer(search: URLSearchParams, name: string): number | undefined {
  const text = search.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw invalid(`Invalid value "${text}" for parameter '${name}' supplied. It must be an integer.`);
  }
  return value;
}

function refusalError(runId: string, refusal: LiveRefusal): MlflowError {
  if (refusal.reason === "not_found") return runNotFound(runId);
  if (refusal.reason === "inactive") return runNotActive(runId, refusal.lifecycleStage);
  return new MlflowError("RESOURCE_EXHAUSTED", `The run ${runId} has too many viewers at the moment.`, {
    headers: { "Retry-After": "5" },
  });
}
