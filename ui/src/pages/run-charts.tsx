import type { Run } from "../api/types";
import { ChartGrid } from "../charts/chart-grid";
import type { ChartControls } from "../charts/use-context";
import type { Latest } from "../data/use-run";
import { useQueryKey } from "../lib/address";
import type { Direction } from "../lib/compare";
import { RunRail } from "./run-rail";

interface Props {
  run: Run;
  latest: ReadonlyMap<string, Latest>;
  /** Series read now are whole, and live points follow them. */
  ready: boolean;
  controls: ChartControls;
  baseline: Run | undefined;
  direction: (key: string) => Direction | undefined;
  onTags: () => void;
}

/** A chart for each metric, and beside them the run in figures. */
export function RunCharts({ run, latest, ready, controls, baseline, direction, onTags }: Props) {
  const [wanted, setWanted] = useQueryKey("m");
  const all = [...latest.keys()];
  const metrics = all.filter((key) => key.toLowerCase().includes((wanted ?? "").toLowerCase()));
  return (
    <div class="run-columns">
      {ready ? (
        <ChartGrid
          controls={controls}
          metrics={metrics}
          latestOf={(key) => latest.get(key)?.value}
          tools={
            all.length > 6 && (
              <input
                class="input input-short"
                type="search"
                placeholder="Filter charts"
                aria-label="Filter charts"
                value={wanted ?? ""}
                onInput={(event) => setWanted(event.currentTarget.value || undefined, { replace: true })}
              />
            )
          }
          none={
            all.length > 0 ? (
              <>No chart matches “{wanted}”.</>
            ) : (
              <>
                No metrics yet. <code>mlflow.log_metric("loss", 0.5, step=0)</code> logs one.
              </>
            )
          }
        />
      ) : (
        <div class="chart-groups" />
      )}
      <RunRail run={run} latest={latest} baseline={baseline} direction={direction} onTags={onTags} />
    </div>
  );
}
