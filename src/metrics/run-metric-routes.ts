/** What MLflow's API lacks about a run's metrics: statistics of its series, and the counters of its log. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { wireDouble } from "../wire/json";
import type { App } from "../wire/rpc";
import { double, RUN_PARAMS } from "../wire/schemas";
import { withRunHistories } from "./history-load";
import { runNotFound, withLog } from "./run-logs";
import { type Observation, type SeriesStats, statsOf } from "./stats";

const OBSERVATION = v.object({ step: v.number(), timestamp: v.number(), value: double });

const STATS = v.object({
  metrics: v.array(
    v.object({
      key: v.string(),
      count: v.number(),
      nan_count: v.number(),
      mean: v.optional(double),
      min: v.optional(OBSERVATION),
      max: v.optional(OBSERVATION),
      first: OBSERVATION,
      last: OBSERVATION,
    }),
  ),
});

const COUNTERS = v.object({
  accepted: v.number(),
  duplicate: v.number(),
  rejected: v.number(),
  unpublished: v.number(),
  last_sequence: v.number(),
});

export function runMetricRoutes(app: App): void {
  serve(
    app,
    {
      name: "getRunStats",
      method: "GET",
      path: "/runs/:run_id/metrics/stats",
      tag: "Metrics",
      summary: "Count, mean, extremes, first and last observation of a run's metrics, over their whole history.",
      params: RUN_PARAMS,
      query: v.object({ metric_key: v.optional(v.pipe(v.array(v.string()), v.description("All keys where absent."))) }),
      answers: [STATS],
    },
    async ({ params, query }, c) => {
      const keys = new Set(query.metric_key);
      const metrics = await withRunHistories(c.env, params.run_id, async (histories, fetch) =>
        statsOf(keys.size > 0 ? histories.filter((h) => keys.has(h.key)) : histories, fetch),
      );
      return { metrics: metrics.map(wireStats) };
    },
  );

  serve(
    app,
    {
      name: "getRunCounters",
      method: "GET",
      path: "/runs/:run_id/metrics/counters",
      tag: "Metrics",
      summary: "How many observations a run's log accepted, dropped as repeats, refused, and has yet to publish.",
      params: RUN_PARAMS,
      answers: [COUNTERS],
      errors: [404],
    },
    async ({ params: { run_id: runId } }, c) => {
      const counters = await withLog(c.env, runId, (log) => log.counters(runId));
      if (!counters) throw runNotFound(runId);
      const { accepted, duplicate, rejected, unpublished } = counters;
      return { accepted, duplicate, rejected, unpublished, last_sequence: accepted };
    },
  );
}

const wireStats = (s: SeriesStats) => ({
  ...s,
  mean: s.mean === undefined ? undefined : wireDouble(s.mean),
  first: wireObservation(s.first),
  last: wireObservation(s.last),
});

const wireObservation = (o: Observation): Observation => ({ ...o, value: wireDouble(o.value) });
