/** What MLflow's API lacks about a run's metrics: statistics of its series, and the counters of its log. */
import { wireDouble } from "../wire/json";
import type { App } from "../wire/rpc";
import { withRunHistories } from "./history-load";
import { runNotFound, withLog } from "./run-logs";
import { type Observation, type SeriesStats, statsOf } from "./stats";

export function runMetricRoutes(app: App): void {
  app.get("/api/2.0/tidemark/runs/:run_id/metrics/stats", async (c) => {
    const keys = new Set(c.req.queries("metric_key") ?? []);
    const metrics = await withRunHistories(c.env, c.req.param("run_id"), async (histories, fetch) =>
      statsOf(keys.size > 0 ? histories.filter((h) => keys.has(h.key)) : histories, fetch),
    );
    return c.json({ metrics: metrics.map(wireStats) });
  });

  app.get("/api/2.0/tidemark/runs/:run_id/metrics/counters", async (c) => {
    const runId = c.req.param("run_id");
    const counters = await withLog(c.env, runId, (log) => log.counters(runId));
    if (!counters) throw runNotFound(runId);
    const { accepted, duplicate, rejected, unpublished } = counters;
    return c.json({ accepted, duplicate, rejected, unpublished, last_sequence: accepted });
  });
}

const wireStats = (s: SeriesStats) => ({
  ...s,
  mean: s.mean === undefined ? undefined : wireDouble(s.mean),
  first: wireObservation(s.first),
  last: wireObservation(s.last),
});

const wireObservation = (o: Observation): Observation => ({ ...o, value: wireDouble(o.value) });
