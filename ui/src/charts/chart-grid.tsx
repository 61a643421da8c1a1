import type { ComponentChildren } from "preact";
import { useStore } from "../data/store";
import { groupByPrefix } from "../lib/runs";
import { lazy } from "../parts/lazy";
import { Segments } from "../parts/segments";
import { MetricChart } from "./metric-chart";
import { type ChartControls, SMOOTHING_MAX, X_CHOICES } from "./use-context";

const ChartDialog = lazy(() => import("./chart-dialog").then((part) => part.ChartDialog));

interface Props {
  controls: ChartControls;
  metrics: readonly string[];
  /** The latest value of a metric, where the page is one run's. */
  latestOf?: (metric: string) => number | undefined;
  /** In words, where there are no metrics. */
  none: ComponentChildren;
  /** Beside smoothing and axis. */
  tools?: ComponentChildren;
}

/** A page's charts, grouped by what stands before the slash, and what they have in common above them. */
export function ChartGrid({ controls, metrics, latestOf, none, tools }: Props) {
  const { context, enlarged } = controls;
  const first = useStore(context.marks)?.first.filter((key) => metrics.includes(key)) ?? [];
  const groups = groupByPrefix(metrics.filter((key) => key !== first[0]));
  return (
    <div class="chart-groups">
      {metrics.length > 0 && (
        <div class="chart-tools">
          <Smoothing value={context.smoothing} onChange={controls.setSmoothing} />
          <Segments label="Horizontal axis" options={[...X_CHOICES]} value={controls.xName} onChange={controls.setX} />
          {context.range && (
            <button type="button" class="button" onClick={() => context.onRange(undefined)}>
              Reset zoom
            </button>
          )}
          {tools}
        </div>
      )}
      {controls.problems.length > 0 && (
        <p class="foot-note">The address asks for {controls.problems.join(" and ")}, which there is none of.</p>
      )}
      {metrics.length === 0 && <div class="foot-note">{none}</div>}
      {first[0] !== undefined && (
        <MetricChart key={first[0]} metric={first[0]} context={context} value={latestOf?.(first[0])} wide />
      )}
      {groups.map(({ prefix, keys }) => (
        <details key={prefix} open={prefix !== "system" || keys.some((key) => first.includes(key))} class="chart-group">
          <summary>
            <h2>{prefix || "metrics"}</h2> <span class="count">{keys.length}</span>
          </summary>
          <div class="chart-grid">
            {firstOf(keys, first).map((key) => (
              <MetricChart key={key} metric={key} context={context} value={latestOf?.(key)} />
            ))}
          </div>
        </details>
      ))}
      {enlarged !== undefined && (
        <ChartDialog
          metric={enlarged}
          metrics={[...first.slice(0, 1), ...groups.flatMap(({ keys }) => firstOf(keys, first))]}
          context={context}
          onMove={controls.setEnlarged}
          onClose={() => controls.setEnlarged(undefined)}
        />
      )}
    </div>
  );
}

/** The keys, those that come before others at their head. */
function firstOf(keys: readonly string[], first: readonly string[]): readonly string[] {
  if (first.length < 2) return keys;
  return [...first.filter((key) => keys.includes(key)), ...keys.filter((key) => !first.includes(key))];
}

function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  return (
    <label class="smoothing">
      <span class="label">Smoothing</span>
      <input
        type="range"
        min={0}
        max={SMOOTHING_MAX}
        step={0.01}
        value={value}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
      <output class="num">{value.toFixed(2)}</output>
    </label>
  );
}
