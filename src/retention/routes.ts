/** Removing for good on demand. The schedule does the same by itself. */
import * as v from "valibot";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { checkAdministrator } from "./administrator";
import { parseAge } from "./age";
import { keptFor, pass } from "./schedule";

const REMOVED = v.object({
  removed: v.object({ experiments: v.number(), runs: v.number(), logged_models: v.number(), files: v.number() }),
  done: v.pipe(v.boolean(), v.description("False where there is more to do: call again.")),
});

export function retentionRoutes(app: App): void {
  serve(
    app,
    {
      name: "collectGarbage",
      method: "POST",
      path: "/gc",
      tag: "Administration",
      summary: "Removes for good what was deleted long enough ago, a bounded amount a call. For administrators.",
      body: v.object({
        older_than: v.pipe(
          v.optional(v.string()),
          v.description("Least age of what goes, as 30d or 1d12h30m. TIDEMARK_GC_AFTER where absent."),
        ),
      }),
      answers: [REMOVED],
      errors: [401, 403],
    },
    async ({ body: { older_than } }, c) => {
      await checkAdministrator(c.req.raw, c.env.TIDEMARK_ADMIN_TOKEN);
      const age =
        older_than === undefined ? parseAge(keptFor(c.env), "TIDEMARK_GC_AFTER") : parseAge(older_than, "older_than");
      return await pass(c.env, age, Date.now());
    },
  );
}
