import { useMemo } from "preact/hooks";
import { getRun } from "../api/mlflow";
import { fetchStats } from "../api/tidemark";
import type { Run } from "../api/types";
import { useCharts } from "../charts/use-context";
import { conventionsOf, useExperiment } from "../data/experiment";
import { useResource } from "../data/resource";
import { experimentPath, hashHref, useQuery } from "../lib/address";
import { headlineRank } from "../lib/direction";
import { plural } from "../lib/format";
import { compareNames, isLive, isSystemKey, runName } from "../lib/runs";
import { useTitle } from "../lib/title";
import { BaselineChip } from "../parts/baseline";
import { Segments } from "../parts/segments";
import { ErrorNote, Notice, PendingRows } from "../parts/states";
import { AddRun } from "./compare-add";
import { CompareFigures, type Figure } from "./compare-figures";
import { useCommonStep } from "./compare-steps";
import { type Compared, CompareTable, saveComparison } from "./compare-table";

const MAX = 10;

export type Measure = "last" | "best" | "mean";
const MEASURES: { value: Measure; label: string }[] = [
  { value: "last", label: "Last" },
  { value: "best", label: "Best" },
  { value: "mean", label: "Mean" },
];

/** Runs side by side, each beside the baseline: metrics, differing params, curves. */
export function ComparePage() {
  const [query, setQuery] = useQuery();
  const ids = useMemo(() => [...new Set((query.get("runs") ?? "").split(",").filter(Boolean))], [query]);
  const shownIds = ids.slice(0, MAX);
  const first = useResource(`runs ${shownIds.join()}`, (signal) => readRuns(shownIds, signal), {
    idle: shownIds.length === 0,
  });
  const runs = first.data?.filter(({ info }) => shownIds.includes(info.run_id)) ?? [];
  const experimentId = runs[0]?.info.experiment_id;
  const experiment = useExperiment(experimentId);
  const conventions = useMemo(() => conventionsOf(experiment.data), [experiment.data]);
  const baseId =
    query.get("base") ?? conventions.baseline ?? (shownIds.length > 1 && experiment.data ? shownIds[0] : undefined);
  const own = runs.find(({ info }) => info.run_id === baseId);
  const other = useResource(`run ${baseId}`, (signal) => getRun(baseId ?? "", signal), {
    idle: !baseId || own !== undefined,
  });
  const baseline = own ?? (baseId ? other.data : undefined);
  const others = runs.filter(({ info }) => info.run_id !== baseId);
  const measure = MEASURES.find(({ value }) => value === query.get("agg"))?.value ?? "last";
  useTitle(`Compare ${plural(others.length, "run")}`);

  const keys = useMemo(() => sharedMetrics(runs, baseline), [first.data, baseline]);
  const all = [...others, ...(baseline ? [baseline] : [])].map(({ info }) => info.run_id);
  const stats = useResource(
    `stats ${all.join()} ${keys.join("\n")}`,
    (signal) => fetchStats(all, keys.slice(0, 100), signal),
    {
      idle: all.length === 0 || keys.length === 0,
    },
  );
  const step = useCommonStep(all, keys, stats.data, measure === "last" && query.get("at") !== "end");
  const compared: Compared = {
    runs: others,
    baseline,
    keys,
    measure,
    stats: stats.data,
    order: all,
    atStep: step.values,
    direction: conventions.direction,
  };
  const chartRuns = useMemo(
    () => [
      ...others.map(({ info }, color) => ({
        id: info.run_id,
        name: runName(info),
        color,
        baseline: false,
        live: isLive(info),
      })),
      ...(baseline
        ? [{ id: baseline.info.run_id, name: runName(baseline.info), color: 0, baseline: true, live: false }]
        : []),
    ],
    [first.data, baseline, shownIds.join()],
  );
  const controls = useCharts({
    page: `compare ${shownIds.join()}`,
    runs: chartRuns,
    baseline: baseId ?? undefined,
    direction: conventions.direction,
    relative: query.get("diff") === "1",
  });

  if (ids.length === 0) {
    return (
      <Notice title="Nothing to compare">
        <p class="lead">Check runs of an experiment, then press c.</p>
        <a class="button" href={hashHref("/")}>
          Experiments
        </a>
      </Notice>
    );
  }
  const add = (id: string) => setQuery({ runs: [...ids, id].join(",") });
  return (
    <div class="page">
      <div class="section-head">
        <h1 class="crumbs">
          {experimentId && (
            <>
              <a class="clip" href={hashHref(experimentPath(experimentId))}>
                {experiment.data?.name ?? `Experiment ${experimentId}`}
              </a>
              <span class="slash" aria-hidden="true">
                /
              </span>
            </>
          )}
          <span>Compare {plural(others.length, "run")}</span>
        </h1>
        {baseline && <BaselineChip run={baseline.info.run_id} name={runName(baseline.info)} />}
        {runs.length > 0 && (
          <label class="field">
            <span class="unseen">Baseline of this comparison</span>
            <select
              class="input select"
              value={baseId}
              onChange={(event) => setQuery({ base: event.currentTarget.value })}
            >
              {[...runs, ...(own || !baseline ? [] : [baseline])].map(({ info }) => (
                <option key={info.run_id} value={info.run_id}>
                  against {runName(info)}
                </option>
              ))}
            </select>
          </label>
        )}
        <div class="tools push">
          <Segments
            label="Values"
            options={MEASURES}
            value={measure}
            onChange={(value) => setQuery({ agg: value === "last" ? undefined : value })}
          />
          {ids.length < MAX && experimentId && <AddRun experiment={experimentId} shown={all} onAdd={add} />}
          <button type="button" class="button" disabled={!stats.data} onClick={() => saveComparison(compared)}>
            Download CSV
          </button>
        </div>
      </div>
      {ids.length > MAX && (
        <p class="foot-note">
          The first {MAX} of {ids.length} runs.
        </p>
      )}
      {first.error && <ErrorNote stale={runs.length > 0} what="The runs" error={first.error} retry={first.reload} />}
      {stats.error && (
        <ErrorNote stale={stats.data !== undefined} what="The statistics" error={stats.error} retry={stats.reload} />
      )}
      {!first.data && !first.error && (
        <div class="panel">
          <PendingRows rows={8} label="Loading runs" />
        </div>
      )}
      {runs.length > 0 && (
        <>
          {step.note && (
            <p class="note">
              {step.note}
              <button
                type="button"
                class="link-button"
                onClick={() => setQuery({ at: query.get("at") === "end" ? undefined : "end" })}
              >
                {query.get("at") === "end" ? "Compare at the common step" : "Compare their last values"}
              </button>
            </p>
          )}
          <CompareTable
            compared={compared}
            onRemove={(id) => setQuery({ runs: ids.filter((one) => one !== id).join(",") })}
            canRemove={ids.length > 1}
          />
          <CompareFigures
            figure={(["parallel", "scatter"] as const).find((one) => one === query.get("fig")) ?? "curves"}
            onFigure={(figure: Figure) => setQuery({ fig: figure === "curves" ? undefined : figure })}
            compared={compared}
            controls={controls}
            onRelative={(relative) => setQuery({ diff: relative ? "1" : undefined })}
          />
        </>
      )}
    </div>
  );
}

/** All that are there: one that is gone must not hide the others. */
async function readRuns(ids: readonly string[], signal: AbortSignal): Promise<Run[]> {
  const results = await Promise.allSettled(ids.map((id) => getRun(id, signal)));
  const runs = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (runs.length === 0 && failed) throw failed.reason;
  return runs;
}

/** Metrics of any of the runs, the most telling first. */
function sharedMetrics(runs: readonly Run[], baseline: Run | undefined): string[] {
  const uses = new Map<string, number>();
  for (const run of baseline ? [...runs, baseline] : runs) {
    for (const { key } of run.data.metrics ?? []) uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  const rank = (key: string) => (isSystemKey(key) ? -100 : 0) + headlineRank(key) + (uses.get(key) ?? 0);
  return [...uses.keys()].sort((a, b) => rank(b) - rank(a) || compareNames(a, b));
}
