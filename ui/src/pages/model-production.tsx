import { useMemo } from "preact/hooks";
import type { Run } from "../api/types";
import { MetricChart } from "../charts/metric-chart";
import { useCharts } from "../charts/use-context";
import { useDrawnLive } from "../data/use-drawn-live";
import { hashHref, navigate, runPath } from "../lib/address";
import { guessDirection } from "../lib/direction";
import { isLive, runName, toNumber } from "../lib/runs";

const nothing = () => undefined;

interface Props {
  /** The run behind the version in use. */
  run: Run;
  /** What is shown of it, the most telling first. */
  metrics: readonly string[];
  /** The alias, or the version where it has none. */
  name: string;
}

/** What the version in use measures: its run's charts, live where it goes on. */
export function InProduction({ run, metrics, name }: Props) {
  const { run_id: id } = run.info;
  const called = runName(run.info);
  const live = isLive(run.info);
  const runs = useMemo(() => [{ id, name: called, color: 0, baseline: false, live }], [id, called, live]);
  const { context } = useCharts({
    page: `production ${id}`,
    runs,
    focus: id,
    baseline: undefined,
    direction: guessDirection,
  });
  const followed = useMemo(() => (live ? [id] : []), [id, live]);
  const fresh = useDrawnLive(followed, context.store, nothing, nothing);
  const latest = new Map(run.data.metrics?.map(({ key, value }) => [key, toNumber(value)]));
  // A larger chart, with all that belongs to it, is the run's own.
  const own = { ...context, onEnlarge: () => navigate(runPath(id)) };
  return (
    <section class="panel" aria-labelledby="in-production">
      <div class="panel-head">
        <h2 id="in-production">
          In production <span class="count">{name}</span>
        </h2>
        <a class="button quiet-button" href={hashHref(runPath(id))}>
          Open run
        </a>
      </div>
      <div class="chart-grid production">
        {metrics.map((key) => (
          <MetricChart key={key} metric={key} context={own} value={fresh.latest(id, key) ?? latest.get(key)} />
        ))}
      </div>
    </section>
  );
}
