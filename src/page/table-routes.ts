/** The table of runs. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import type { App } from "../wire/rpc";
import { integer, text, texts } from "../wire/schemas";
import { tableOf } from "./table";

const MAX_RUNS = 100_000;
const MAX_EXPERIMENTS = 100;
const MAX_COLUMNS = 500;

const COLUMNS = v.optional(v.array(text), []);

export function tableRoutes(app: App): void {
  serve(
    app,
    {
      name: "getRunsTable",
      method: "POST",
      path: "/runs/table",
      tag: "Runs",
      summary:
        "All runs that match a filter, in order, by columns: a line of JSON with their number, then pages of them.",
      body: v.object({
        experiment_ids: texts(1, MAX_EXPERIMENTS),
        filter: v.optional(v.pipe(v.string(), v.description("As in runs/search."))),
        order_by: v.optional(v.pipe(v.array(v.string()), v.description("As in runs/search."))),
        run_view_type: v.optional(v.picklist(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]), "ACTIVE_ONLY"),
        metrics: COLUMNS,
        params: COLUMNS,
        tags: COLUMNS,
        max_results: v.optional(integer(1, MAX_RUNS), MAX_RUNS),
      }),
      answers: [{ type: "application/x-ndjson", description: "Lines of JSON; docs/page-api.md describes them." }],
    },
    async ({ body: { metrics, params, tags, ...search } }, c) => {
      const columns = { metrics: [...new Set(metrics)], params: [...new Set(params)], tags: [...new Set(tags)] };
      const count = columns.metrics.length + columns.params.length + columns.tags.length;
      if (count > MAX_COLUMNS) {
        throw invalid(
          `Invalid value for parameter 'metrics' supplied: at most ${MAX_COLUMNS} columns in all, not ${count}.`,
        );
      }
      return await tableOf(c.env, { ...search, columns });
    },
  );
}
