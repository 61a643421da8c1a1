import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { getRun, restoreRun } from "../api/mlflow";
import { RunWatch } from "../charts/lazy-watch";
import { useCharts } from "../charts/use-context";
import { conventionsOf, useExperiment } from "../data/experiment";
import { useResource } from "../data/resource";
import type { LivePoint } from "../data/run-feed";
import { useStore } from "../data/store";
import { useLiveRun } from "../data/use-run";
import { comparePath, experimentPath, hashHref, runPath } from "../lib/address";
import { runName } from "../lib/runs";
import { useTitle } from "../lib/title";
import { BaselineChip, BaselineNote, changeBaseline } from "../parts/baseline";
import { lazy } from "../parts/lazy";
import { ErrorNote, PendingRows } from "../parts/states";
import { RunCharts } from "./run-charts";
import { RunMenu } from "./run-menu";
import { Standing } from "./run-standing";

const RunDetails = lazy(() => import("./run-details").then((part) => part.RunDetails));
const RunArtifacts = lazy(() => import("./run-artifacts").then((part) => part.RunArtifacts));
const RunLineage = lazy(() => import("./run-lineage").then((part) => part.RunLineage));
const RunMonitors = lazy(() => import("./run-monitors").then((part) => part.RunMonitors));
const RunCode = lazy(() => import("./run-code").then((part) => part.RunCode));

const TABS = [
  { tab: undefined, label: "Charts" },
  { tab: "details", label: "Details" },
  { tab: "artifacts", label: "Artifacts" },
  { tab: "lineage", label: "Lineage" },
  { tab: "monitors", label: "Monitors" },
  { tab: "code", label: "Code" },
] as const;

/** One run: its charts as they grow, its details, its artifacts, where it came from, how to go on with it. */
export function RunPage({ id, tab }: { id: string; tab: string | undefined }) {
  const charts = useRef<{ add: (keys: Record<string, LivePoint[]>) => void; reload: () => void } | undefined>(
    undefined,
  );
  const onPoints = useCallback((keys: Record<string, LivePoint[]>) => charts.current?.add(keys), []);
  const onGap = useCallback(() => charts.current?.reload(), []);
  const { run, latest, ready, rhythm } = useLiveRun(id, onPoints, onGap);
  const experimentId = run.data?.info.experiment_id;
  const experiment = useExperiment(experimentId);
  const conventions = useMemo(() => conventionsOf(experiment.data), [experiment.data]);
  const baselineId = conventions.baseline === id ? undefined : conventions.baseline;
  const baseline = useResource(`run ${baselineId}`, (signal) => getRun(baselineId ?? "", signal), {
    idle: baselineId === undefined,
  });
  const name = run.data ? runName(run.data.info) : id.slice(0, 8);
  useTitle(run.data && name);

  const isLive = run.data?.info.status === "RUNNING";
  const baselineName = baseline.data && runName(baseline.data.info);
  const chartRuns = useMemo(
    () => [
      { id, name, color: 0, baseline: false, live: isLive },
      ...(baselineId && baselineName
        ? [{ id: baselineId, name: baselineName, color: 0, baseline: true, live: false }]
        : []),
    ],
    [id, name, isLive, baselineId, baselineName],
  );
  const controls = useCharts({
    page: `run ${id}`,
    runs: chartRuns,
    focus: id,
    baseline: baselineId,
    direction: conventions.direction,
  });
  const { store } = controls.context;
  const monitors = useStore(controls.context.marks)?.monitors;
  useEffect(() => {
    charts.current = { add: (keys) => store.addPoints(id, keys), reload: () => store.reload([id]) };
  }, [store, id]);

  const makeBaseline = (wanted: boolean) => {
    if (!experimentId) return;
    const before =
      conventions.baseline === id
        ? { id, name }
        : baselineId
          ? { id: baselineId, name: baselineName ?? baselineId }
          : undefined;
    void changeBaseline(experimentId, wanted ? { id, name } : undefined, before, experiment.reload);
  };
  const isBaseline = conventions.baseline === id;
  return (
    <div class="page">
      <div class="section-head run-head">
        <h1 class="crumbs">
          <a
            class="clip"
            href={hashHref(experimentId === undefined ? "/" : experimentPath(experimentId))}
            title={experiment.data?.name}
          >
            {experiment.data?.name ?? (experimentId === undefined ? "Experiments" : `Experiment ${experimentId}`)}
          </a>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span class="clip" title={name}>
            {name}
          </span>
        </h1>
        {run.data && <Standing run={run.data} latest={latest} rhythm={rhythm} />}
        {run.data && (
          <div class="tools push">
            {isBaseline && (
              <span class="baseline-chip">
                <span class="swatch swatch-base" aria-hidden="true" /> This is the baseline
              </span>
            )}
            {baselineId && baselineName && <BaselineChip run={baselineId} name={baselineName} />}
            {baselineId && (
              <a class="button" href={hashHref(comparePath([id], baselineId))}>
                Compare
              </a>
            )}
            <button type="button" class="button" onClick={() => makeBaseline(!isBaseline)}>
              {isBaseline ? "Clear baseline" : "Set as baseline"}
            </button>
            <RunMenu run={run.data} reload={run.reload} />
          </div>
        )}
      </div>
      {experimentId && <BaselineNote experiment={experimentId} onChange={experiment.reload} />}
      {run.data?.info.lifecycle_stage === "deleted" && <Deleted id={id} reload={run.reload} />}
      {run.error && <ErrorNote stale={run.data !== undefined} what="The run" error={run.error} retry={run.reload} />}
      {!run.data && !run.error && (
        <div class="panel">
          <PendingRows rows={6} label="Loading the run" />
        </div>
      )}
      {run.data && (
        <>
          <Tabs id={id} tab={tab} monitors={monitors?.size} />
          {ready && experimentId && <RunWatch context={controls.context} experiment={experimentId} run={id} />}
          {!tab && (
            <RunCharts
              run={run.data}
              latest={latest}
              ready={ready}
              controls={controls}
              baseline={baseline.data}
              direction={conventions.direction}
              onTags={run.reload}
            />
          )}
          {tab === "details" && <RunDetails run={run.data} latest={latest} onChange={run.reload} />}
          {tab === "artifacts" && <RunArtifacts run={run.data} />}
          {tab === "lineage" && <RunLineage run={run.data} />}
          {tab === "monitors" && <RunMonitors id={id} looking={monitors} />}
          {tab === "code" && <RunCode run={run.data} />}
          {!TABS.some((one) => one.tab === (tab || undefined)) && (
            <p class="foot-note">
              A run has no part “{tab}”. <a href={hashHref(runPath(id))}>Charts</a>
            </p>
          )}
        </>
      )}
    </div>
  );
}

function Tabs({ id, tab, monitors }: { id: string; tab: string | undefined; monitors: number | undefined }) {
  return (
    <nav class="tabs" aria-label="Parts of the run">
      {TABS.map((one) => (
        <a
          key={one.label}
          href={hashHref(runPath(id, one.tab))}
          aria-current={(tab || undefined) === one.tab ? "page" : undefined}
        >
          {one.label} {one.tab === "monitors" && monitors ? <span class="count">{monitors}</span> : null}
        </a>
      ))}
    </nav>
  );
}

function Deleted({ id, reload }: { id: string; reload: () => void }) {
  const restore = () =>
    restoreRun(id)
      .catch(() => undefined)
      .then(reload);
  return (
    <p class="note">
      This run is deleted.
      <button type="button" class="button" onClick={() => void restore()}>
        Restore
      </button>
    </p>
  );
}
