/** Ending all live connections, so that a server that stops need not wait for its viewers. */
import * as v from "valibot";
import { eachBounded, withLog } from "../metrics/run-logs";
import { watchedOnes } from "../metrics/viewers-store";
import { checkAdministrator } from "../retention/administrator";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { feedOf } from "./tell-feed";

export function viewersRoutes(app: App): void {
  serve(
    app,
    {
      name: "closeViewers",
      method: "POST",
      path: "/live/close",
      tag: "Administration",
      summary:
        "Ends all live connections, whose clients then connect anew: for a server about to stop. For administrators.",
      body: v.object({}),
      answers: [v.object({ closed: v.pipe(v.number(), v.description("How many there were.")) })],
      errors: [401, 403],
    },
    async (_, c) => {
      await checkAdministrator(c.req.raw, c.env.TIDEMARK_ADMIN_TOKEN);
      let closed = 0;
      await eachBounded(await watchedOnes(c.env.DB), async ({ kind, id }) => {
        try {
          closed += await (kind === "run"
            ? withLog(c.env, id, (log) => log.closeViewers())
            : feedOf(c.env, id).closeViewers());
        } catch (error) {
          console.warn(`the viewers of ${kind} ${id} could not be told`, error);
        }
      });
      return { closed };
    },
  );
}
