import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { StatsAnswer } from "../api/page-types";
import type { Run } from "../api/types";
import { seriesToken } from "../data/theme";
import { hashHref, runPath } from "../lib/address";
import { type Direction, difference, formatDifference } from "../lib/compare";
import { download, toCsv } from "../lib/csv";
import { formatNumber, plural } from "../lib/format";
import { isLive, runName, toNumber } from "../lib/runs";
import { Delta } from "../parts/delta";
import { Icon } from "../parts/icon";
import { LiveDot } from "../parts/status";
import type { Measure } from "./compare";

export interface Compared {
  runs: readonly Run[];
  baseline: Run | undefined;
  keys: readonly string[];
  measure: Measure;
  stats: StatsAnswer["keys"] | undefined;
  /** The runs in the order of the statistics. */
  order: readonly string[];
  atStep: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  direction: (key: string) => Direction | undefined;
}

/** A run's value of a metric, as the comparison measures it. */
export function measured(
  { stats, order, measure, atStep, direction }: Compared,
  run: string,
  key: string,
): number | undefined {
  if (atStep) return atStep.get(key)?.get(run);
  const columns = stats?.[key];
  const side = measure === "best" ? (direction(key) ?? "max") : measure;
  const value = columns?.[side]?.[order.indexOf(run)];
  return value === null || value === undefined ? undefined : toNumber(value);
}

const METRICS_SHOWN = 30;

interface Props {
  compared: Compared;
  onRemove: (run: string) => void;
  canRemove: boolean;
}

/** A row a metric and a differing param, a column a run. Bars point right when better. */
export function CompareTable({ compared, onRemove, canRemove }: Props) {
  const { runs, baseline, keys } = compared;
  const [all, setAll] = useState(false);
  const shown = all ? keys : keys.slice(0, METRICS_SHOWN);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="panel compare-scroll" tabIndex={0} aria-label="Metrics and parameters side by side">
      <table class="table compare">
        <thead>
          <tr>
            <th scope="col" class="stuck">
              Metric
            </th>
            {baseline && (
              <th scope="col" class="right base-cell">
                <span class="swatch swatch-base" aria-hidden="true" /> Baseline
              </th>
            )}
            {runs.map(({ info }, i) => (
              <th scope="col" class="right" key={info.run_id}>
                <span class="compare-run">
                  <span class="swatch" style={{ background: `var(${seriesToken(i)})` }} aria-hidden="true" />
                  <a class="row-name" href={hashHref(runPath(info.run_id))} title={runName(info)}>
                    {runName(info)}
                  </a>
                  {isLive(info) && <LiveDot />}
                  {canRemove && (
                    <button
                      type="button"
                      class="icon-button"
                      aria-label={`Leave out ${runName(info)}`}
                      onClick={() => onRemove(info.run_id)}
                    >
                      <Icon name="close" size={10} />
                    </button>
                  )}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((key) => (
            <MetricRow key={key} metric={key} compared={compared} />
          ))}
          {keys.length > shown.length && (
            <tr>
              <td class="stuck" colSpan={runs.length + 2}>
                <button type="button" class="link-button" onClick={() => setAll(true)}>
                  {plural(keys.length - shown.length, "more metric")}
                </button>
              </td>
            </tr>
          )}
          <ParamRows compared={compared} />
        </tbody>
      </table>
    </section>
  );
}

function MetricRow({ metric, compared }: { metric: string; compared: Compared }) {
  const { runs, baseline, direction } = compared;
  const way = direction(metric);
  const base = baseline && measured(compared, baseline.info.run_id, metric);
  const values = runs.map(({ info }) => measured(compared, info.run_id, metric));
  const differences = values.map((value) => difference(value, base, way));
  const most = Math.max(1e-12, ...differences.map((found) => Math.abs(found?.amount ?? 0)));
  return (
    <tr>
      <th scope="row" class="stuck">
        <span class="key" title={metric}>
          {metric}
        </span>{" "}
        {way && <span class="quiet hint">{way === "max" ? "higher is better" : "lower is better"}</span>}
      </th>
      {baseline && <td class="right num base-cell">{base === undefined ? "" : formatNumber(base)}</td>}
      {values.map((value, i) => {
        const found = differences[i];
        return (
          <td class="right" key={runs[i]?.info.run_id}>
            <span class="compare-cell">
              <span class="num" title={value === undefined ? undefined : String(value)}>
                {value === undefined ? "" : formatNumber(value)}
              </span>
              {baseline && (
                <>
                  <Delta value={value} baseline={base} direction={way} />
                  <Bar
                    share={
                      found && found.tone !== "even" && found.tone !== "unknown"
                        ? ((found.tone === "better" ? 1 : -1) * Math.abs(found.amount)) / most
                        : 0
                    }
                  />
                </>
              )}
            </span>
          </td>
        );
      })}
    </tr>
  );
}

/** From the middle: right is better, left is worse, the longest one is the largest difference of its row. */
function Bar({ share }: { share: number }) {
  return (
    <span class="bar-box" aria-hidden="true">
      <span class={share > 0 ? "bar-better" : "bar-worse"} style={{ width: `${Math.abs(share) * 50}%` }} />
    </span>
  );
}

function ParamRows({ compared: { runs, baseline } }: { compared: Compared }) {
  const [equalToo, setEqualToo] = useState(false);
  const all = baseline ? [baseline, ...runs] : runs;
  const columns = all.map((run) => new Map((run.data.params ?? []).map(({ key, value }) => [key, value])));
  const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort();
  const differs = (key: string) => new Set(columns.map((column) => column.get(key))).size > 1;
  const differing = keys.filter(differs);
  const shown = equalToo ? keys : differing;
  const equal = keys.length - differing.length;
  const base = baseline && columns[0];
  return (
    <Fragment>
      <tr class="part-row">
        <th scope="rowgroup" class="stuck" colSpan={runs.length + (baseline ? 2 : 1)}>
          Parameters{" "}
          <span class="quiet">
            {differing.length} differ{equal > 0 && !equalToo && `, ${equal} equal hidden`}
          </span>
          {equal > 0 && (
            <button type="button" class="link-button" onClick={() => setEqualToo(!equalToo)}>
              {equalToo ? "Hide equal" : "Show equal"}
            </button>
          )}
        </th>
      </tr>
      {shown.map((key) => (
        <tr key={key}>
          <th scope="row" class="stuck">
            <span class="key" title={key}>
              {key}
            </span>
          </th>
          {columns.map((column, i) => {
            const value = column.get(key);
            const same = i > 0 && base !== undefined && base.get(key) === value;
            return (
              <td
                class={`right clip${i === 0 && baseline ? " base-cell" : same ? " quiet" : " differing"}`}
                key={all[i]?.info.run_id}
                title={value}
              >
                {value ?? "–"}
              </td>
            );
          })}
        </tr>
      ))}
    </Fragment>
  );
}

/** The table as it is, numbers in full. */
export function saveComparison(compared: Compared): void {
  const { runs, baseline, keys, direction } = compared;
  const head = ["metric", ...(baseline ? [`${runName(baseline.info)} (baseline)`] : [])];
  for (const { info } of runs) head.push(runName(info), ...(baseline ? [`${runName(info)} vs baseline`] : []));
  const rows = keys.map((key) => {
    const base = baseline && measured(compared, baseline.info.run_id, key);
    const row: (string | number | undefined)[] = [key, ...(baseline ? [base] : [])];
    for (const { info } of runs) {
      const value = measured(compared, info.run_id, key);
      const found = difference(value, base, direction(key));
      row.push(value, ...(baseline ? [found && formatDifference(found)] : []));
    }
    return row;
  });
  download("comparison.csv", toCsv([head, ...rows]));
}
