import type { Run } from "../api/types";
import { MetricChart } from "../charts/metric-chart";
import { X_KINDS, type XKind } from "../charts/series";
import { useQueryKey } from "../lib/address";
import { groupByPrefix, isLive, ownTags, toNumber } from "../lib/runs";
import { Value } from "../parts/number";
import { Pairs } from "../parts/pairs";
import { Segments } from "../parts/segments";

/** A chart for each metric, grouped by what stands before the slash, and beside them the run in figures. */
export function RunCharts({ run }: { run: Run }) {
  const [xText, setX] = useQueryKey("x");
  const xKind = X_KINDS.find(({ kind }) => kind === xText)?.kind ?? "step";
  const metrics = new Map((run.data.metrics ?? []).map((metric) => [metric.key, metric]));
  const groups = groupByPrefix([...metrics.keys()]);
  const start = run.info.start_time ?? 0;
  const live = isLive(run.info);
  return (
    <div class="run-columns">
      <div class="chart-groups">
        {groups.length === 0 && (
          <p class="foot-note">
            No metrics yet. <code>mlflow.log_metric("loss", 0.5, step=0)</code> logs one.
          </p>
        )}
        {groups.length > 0 && (
          <div class="chart-tools">
            <Segments<XKind>
              label="Horizontal axis"
              options={X_KINDS.map(({ kind, label }) => ({ value: kind, label }))}
              value={xKind}
              onChange={(kind) => setX(kind === "step" ? undefined : kind)}
            />
          </div>
        )}
        {groups.map(({ prefix, keys }) => (
          <details key={prefix} open={prefix !== "system"} class="chart-group">
            <summary>
              <h2>{prefix || "metrics"}</h2> <span class="count">{keys.length}</span>
            </summary>
            <div class="chart-grid">
              {keys.map((key) => {
                const latest = metrics.get(key);
                return (
                  latest && (
                    <MetricChart
                      key={key}
                      run={run.info.run_id}
                      latest={latest}
                      xKind={xKind}
                      start={start}
                      live={live}
                    />
                  )
                );
              })}
            </div>
          </details>
        ))}
      </div>
      <aside class="panel rail" aria-label="The run in figures">
        <Pairs
          title="Latest"
          none="No metrics yet."
          pairs={groups.flatMap(({ keys }) =>
            keys.map((key) => ({ key, value: <Value value={toNumber(metrics.get(key)?.value ?? "NaN")} /> })),
          )}
        />
        <Pairs
          title="Parameters"
          none="No parameters."
          pairs={(run.data.params ?? []).map(({ key, value }) => ({ key, value, title: value }))}
        />
        <Pairs title="Tags" pairs={ownTags(run).map(({ key, value }) => ({ key, value, title: value }))} />
      </aside>
    </div>
  );
}
