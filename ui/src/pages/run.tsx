import { getExperiment, getRun } from "../api/mlflow";
import type { Run } from "../api/types";
import { useResource } from "../data/resource";
import { experimentPath, hashHref, runPath } from "../lib/address";
import { formatCount } from "../lib/format";
import { isLive, lastPoint, runName } from "../lib/runs";
import { useTitle } from "../lib/title";
import { ErrorNote, PendingRows } from "../parts/states";
import { Age, RunState } from "../parts/status";
import { RunArtifacts } from "./run-artifacts";
import { RunCharts } from "./run-charts";
import { RunDetails } from "./run-details";

const LIVE_MS = 2_000;
/** A finished run may still be written to. */
const DONE_MS = 30_000;

const TABS = [
  { tab: undefined, label: "Charts" },
  { tab: "details", label: "Details" },
  { tab: "artifacts", label: "Artifacts" },
] as const;

/** One run: its charts, its details, its artifacts. */
export function RunPage({ id, tab }: { id: string; tab: string | undefined }) {
  const run = useResource(`run ${id}`, (signal) => getRun(id, signal), {
    pollMs: (now) => (now && isLive(now.info) ? LIVE_MS : DONE_MS),
  });
  const experimentId = run.data?.info.experiment_id;
  useTitle(run.data && runName(run.data.info));
  return (
    <div class="page">
      <div class="section-head run-head">
        <h1 class="crumbs">
          {experimentId === undefined ? (
            <a href={hashHref("/")}>Experiments</a>
          ) : (
            <ExperimentLink id={experimentId} key={experimentId} />
          )}
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span class="clip" title={run.data && runName(run.data.info)}>
            {run.data ? runName(run.data.info) : id.slice(0, 8)}
          </span>
        </h1>
        {run.data && <Standing run={run.data} />}
      </div>
      {run.error && <ErrorNote stale={run.data !== undefined} what="The run" error={run.error} retry={run.reload} />}
      {!run.data && !run.error && (
        <div class="panel">
          <PendingRows rows={6} label="Loading the run" />
        </div>
      )}
      {run.data && (
        <>
          <Tabs id={id} tab={tab} />
          <Tab run={run.data} tab={tab} />
        </>
      )}
    </div>
  );
}

function ExperimentLink({ id }: { id: string }) {
  const { data } = useResource(`experiment ${id}`, (signal) => getExperiment(id, signal));
  return (
    <a class="clip" href={hashHref(experimentPath(id))} title={data?.name}>
      {data?.name ?? `Experiment ${id}`}
    </a>
  );
}

/** The run's state, how far it is, and how old its last point is. */
function Standing({ run }: { run: Run }) {
  const point = lastPoint(run);
  const step = Math.max(...(run.data.metrics ?? []).map((metric) => metric.step));
  return (
    <div class="standing">
      <RunState info={run.info} />
      {point && (
        <span class="quiet small">
          {step > 0 && `step ${formatCount(step)} · `}last point <Age at={point.timestamp} ago />
        </span>
      )}
    </div>
  );
}

function Tabs({ id, tab }: { id: string; tab: string | undefined }) {
  return (
    <nav class="tabs" aria-label="Parts of the run">
      {TABS.map((one) => (
        <a
          key={one.label}
          href={hashHref(runPath(id, one.tab))}
          aria-current={(tab || undefined) === one.tab ? "page" : undefined}
        >
          {one.label}
        </a>
      ))}
    </nav>
  );
}

function Tab({ run, tab }: { run: Run; tab: string | undefined }) {
  if (!tab) return <RunCharts run={run} />;
  if (tab === "details") return <RunDetails run={run} />;
  if (tab === "artifacts") return <RunArtifacts run={run} />;
  return (
    <p class="foot-note">
      A run has no part “{tab}”. <a href={hashHref(runPath(run.info.run_id))}>Charts</a>
    </p>
  );
}
