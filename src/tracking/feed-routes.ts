/** Watching an experiment's list of runs, and telling those who do. See docs/live.md. */
import { serve } from "../wire/described";
import { MlflowError } from "../wire/errors";
import type { App, AppContext } from "../wire/rpc";
import { EXPERIMENT_PARAMS } from "../wire/schemas";
import { socketResponse } from "../wire/sockets";
import { experimentId } from "./experiment";
import type { ExperimentChange } from "./experiment-feed";
import { getExperiment } from "./experiment-store";
import type { RunPlace } from "./run-writes";
import { feedOf, tellFeed } from "./tell-feed";

export function feedRoutes(app: App): void {
  serve(
    app,
    {
      name: "watchExperiment",
      method: "GET",
      path: "/experiments/:experiment_id/feed",
      tag: "Live",
      summary: "Changes of an experiment's runs: a WebSocket (101), or server-sent events without an upgrade.",
      params: EXPERIMENT_PARAMS,
      answers: [{ type: "text/event-stream", description: "Messages in JSON; docs/live.md describes them." }],
      errors: [404, 429],
    },
    async ({ params }, c) => {
      const id = experimentId(params.experiment_id);
      await getExperiment(c.get("db"), id);
      const url = `https://experiment-feed/${id}`;
      const answer = await feedOf(c.env, id).fetch(url, { headers: { Upgrade: "websocket" } });
      if (answer.webSocket) return socketResponse(c.req.raw, answer.webSocket);
      throw new MlflowError("RESOURCE_EXHAUSTED", `The experiment ${id} has too many viewers at the moment.`, {
        headers: { "Retry-After": "5" },
      });
    },
  );
}

/** Tells an experiment's viewers, if it may have any, of a change after the answer. */
export function notifyFeed(c: AppContext, { experimentId: id, feedWatched }: RunPlace, change: ExperimentChange): void {
  if (feedWatched !== 0) tellFeed(c.env, c.executionCtx, id, change);
}
