/** What the runs of an experiment have: keys for columns and completion, values for completion. */
import * as v from "valibot";
import { experimentId } from "../tracking/experiment";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { EXPERIMENT_PARAMS, integer, text } from "../wire/schemas";
import { type KeyKind, listKeys, listValues } from "./key-store";
import { addCounts, countUnpublished, keysInLogs } from "./log-keys";

const KINDS = ["metric", "param", "tag"] as const satisfies KeyKind[];
const MAX_KEYS = 5000;
const DEFAULT_KEYS = 500;
const MAX_VALUES = 1000;
const DEFAULT_VALUES = 20;

const PREFIX = v.optional(v.pipe(v.string(), v.description("Only what begins with this, case and all.")), "");

const KEYS = v.array(
  v.object({
    key: v.string(),
    runs: v.pipe(v.number(), v.description("Runs that have it, deleted ones included.")),
    values: v.optional(v.pipe(v.number(), v.description("Distinct values among them; not of metrics."))),
    more: v.optional(v.pipe(v.boolean(), v.description("Counting stopped: there are at least so many."))),
  }),
);

export function keyRoutes(app: App): void {
  serve(
    app,
    {
      name: "listKeys",
      method: "GET",
      path: "/experiments/:experiment_id/keys",
      tag: "Experiments",
      summary: "The metric, param and tag keys of an experiment's runs, in order, with how many runs have each.",
      params: EXPERIMENT_PARAMS,
      query: v.object({
        kind: v.optional(v.array(v.picklist(KINDS)), [...KINDS]),
        prefix: PREFIX,
        limit: v.optional(v.pipe(integer(1, MAX_KEYS), v.description("Keys of each kind.")), DEFAULT_KEYS),
      }),
      answers: [
        v.object({
          metrics: v.optional(KEYS),
          params: v.optional(KEYS),
          tags: v.optional(KEYS),
          truncated: v.pipe(v.boolean(), v.description("Some kind has more keys than `limit`.")),
        }),
      ],
    },
    async ({ params, query: { kind, prefix, limit } }, c) => {
      const asked = { kinds: [...new Set(kind)], prefix, limit };
      const experiment = experimentId(params.experiment_id);
      const inLogs = kind.includes("metric") ? await keysInLogs(c.env, experiment) : new Map<string, string[]>();
      const [{ byKind, truncated }, unpublished] = await Promise.all([
        listKeys(c.env.DB, experiment, asked),
        countUnpublished(c.env.DB, inLogs),
      ]);
      const published = byKind.get("metric");
      const metrics = published && addCounts(published, unpublished, { prefix, limit });
      return {
        metrics: metrics?.keys,
        params: byKind.get("param"),
        tags: byKind.get("tag"),
        truncated: truncated || metrics?.truncated === true,
      };
    },
  );

  serve(
    app,
    {
      name: "listValues",
      method: "GET",
      path: "/experiments/:experiment_id/values",
      tag: "Experiments",
      summary: "The most frequent values of a param or tag among an experiment's runs.",
      params: EXPERIMENT_PARAMS,
      query: v.object({
        kind: v.picklist(["param", "tag"]),
        key: text,
        prefix: PREFIX,
        limit: v.optional(integer(1, MAX_VALUES), DEFAULT_VALUES),
      }),
      answers: [v.object({ values: v.array(v.object({ value: v.string(), runs: v.number() })), more: v.boolean() })],
    },
    async ({ params, query }, c) => await listValues(c.env.DB, experimentId(params.experiment_id), query),
  );
}
