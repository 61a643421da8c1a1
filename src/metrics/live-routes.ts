/** Watching a run: a WebSocket, or server-sent events where the caller asks for no upgrade. See docs/live.md. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { invalid, MlflowError } from "../wire/errors";
import type { App } from "../wire/rpc";
import { RUN_PARAMS } from "../wire/schemas";
import { socketResponse } from "../wire/sockets";
import type { LiveRefusal, LiveRequest } from "./live";
import { runNotActive, runNotFound, withLog } from "./run-logs";
import { MAX_KEYS_SIZE } from "./viewer";

const LIVE_QUERY = v.object({
  keys: v.optional(
    v.pipe(v.array(v.string()), v.description("Metric keys, repeated or separated by commas; all if absent.")),
  ),
  from_step: v.optional(
    v.pipe(v.number(), v.safeInteger(), v.description("Everything with this step or a later one first.")),
  ),
  from_sequence: v.optional(v.pipe(v.number(), v.safeInteger(), v.description("What came after this sequence first."))),
});

export function liveRoutes(app: App): void {
  serve(
    app,
    {
      name: "watchRun",
      method: "GET",
      path: "/runs/:run_id/live",
      tag: "Live",
      summary: "A run's observations as they come: a WebSocket (101), or server-sent events without an upgrade.",
      params: RUN_PARAMS,
      query: LIVE_QUERY,
      answers: [{ type: "text/event-stream", description: "Messages in JSON; docs/live.md describes them." }],
      errors: [404, 429],
    },
    async ({ params: { run_id: runId }, query }, c) => {
      const asked = liveRequest(runId, query, c.req.header("Last-Event-ID"));
      const url = `https://run-log/?${encodeURIComponent(JSON.stringify(asked))}`;
      const answer = await withLog(c.env, runId, (log) => log.fetch(url, { headers: { Upgrade: "websocket" } }));
      if (!answer.webSocket) throw refusalError(runId, await answer.json<LiveRefusal>());
      return socketResponse(c.req.raw, answer.webSocket);
    },
  );
}

/**
 * What a query asks for; a browser that comes back to its events says with their last id where it was.
 * Errors: 400 for more keys than a socket's place can hold, and for both places at once.
 */
function liveRequest(runId: string, query: v.InferOutput<typeof LIVE_QUERY>, lastEventId?: string): LiveRequest {
  const keys = [...new Set(query.keys?.flatMap((list) => list.split(",")))].filter((key) => key !== "");
  // Two bytes a character and a few for each key's own length, at most.
  if (keys.reduce((size, key) => size + 2 * key.length + 8, 0) > MAX_KEYS_SIZE) {
    throw invalid("Too many keys: leave 'keys' out to receive all of them.");
  }
  const { from_step: fromStep, from_sequence: fromSequence } = query;
  if (fromStep !== undefined && fromSequence !== undefined) {
    throw invalid("Only one of 'from_step' and 'from_sequence' may be given.");
  }
  const wanted = keys.length > 0 ? { runId, keys } : { runId };
  if (lastEventId !== undefined && /^\d{1,16}$/.test(lastEventId)) {
    return { ...wanted, fromSequence: Number(lastEventId) };
  }
  return { ...wanted, fromStep, fromSequence };
}

function refusalError(runId: string, refusal: LiveRefusal): MlflowError {
  if (refusal.reason === "not_found") return runNotFound(runId);
  if (refusal.reason === "inactive") return runNotActive(runId, refusal.lifecycleStage);
  return new MlflowError("RESOURCE_EXHAUSTED", `The run ${runId} has too many viewers at the moment.`, {
    headers: { "Retry-After": "5" },
  });
}
