import { useEffect, useRef } from "preact/hooks";
import { getExperiment } from "../api/mlflow";
import { useResource } from "../data/resource";
import { useRuns } from "../data/use-runs";
import { hashHref, navigate, runPath, useQueryKey } from "../lib/address";
import { formatCount, plural } from "../lib/format";
import { isLive } from "../lib/runs";
import { DEFAULT_SORT, formatSort, parseSort } from "../lib/sort";
import { useTitle } from "../lib/title";
import { RunsTable } from "../parts/runs-table";
import { FirstRun } from "../parts/snippet";
import { BusyBar, ErrorNote, PendingRows } from "../parts/states";

/** The runs of one experiment. */
export function ExperimentPage({ id }: { id: string }) {
  const experiment = useResource(`experiment ${id}`, (signal) => getExperiment(id, signal));
  const [sortText, setSort] = useQueryKey("sort");
  const asked = sortText === undefined ? DEFAULT_SORT : parseSort(sortText);
  const sort = asked ?? DEFAULT_SORT;
  const list = useRuns(id, sort);
  useTitle(experiment.data?.name);

  const wasEmpty = useRef(false);
  const newest = list.runs?.[0];
  useEffect(() => {
    if (!list.runs) return;
    if (wasEmpty.current && newest) navigate(runPath(newest.info.run_id), { replace: true });
    wasEmpty.current = newest === undefined;
  }, [list.runs, newest]);

  const name = experiment.data?.name;
  const live = list.runs?.filter((run) => isLive(run.info)).length ?? 0;
  const empty = list.runs?.length === 0;
  return (
    <div class={empty ? "page" : "page page-fill"}>
      <div class="section-head">
        <h1 class="crumbs">
          <a href={hashHref("/")}>Experiments</a>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span class="clip" title={name}>
            {name ?? `Experiment ${id}`}
          </span>
        </h1>
        {experiment.data?.lifecycle_stage === "deleted" && <span class="state">Deleted</span>}
      </div>
      {asked === undefined && (
        <p class="foot-note">
          The address asks for the order “{sortText}”, which there is none of. Runs are shown newest first.
        </p>
      )}
      {experiment.error && (
        <ErrorNote
          stale={experiment.data !== undefined}
          what="The experiment"
          error={experiment.error}
          retry={experiment.reload}
        />
      )}
      {list.error && !experiment.error && (
        <ErrorNote stale={list.runs !== undefined} what="The runs" error={list.error} retry={list.retry} />
      )}
      {empty && !experiment.error && (
        <section class="notice">
          <h2>No runs yet</h2>
          <p class="lead">Point MLflow at this server and run your script. This page opens the first run by itself.</p>
          {experiment.data && <FirstRun experiment={name === "Default" ? undefined : name} />}
        </section>
      )}
      {!list.runs && !list.error && (
        <div class="panel">
          <BusyBar busy={list.busy} />
          <PendingRows rows={12} label="Loading runs" />
        </div>
      )}
      {list.runs && newest && (
        <div class="panel table-panel">
          <BusyBar busy={list.isReordering && list.busy} />
          <RunsTable
            runs={list.runs}
            sort={sort}
            onSort={(wanted) =>
              setSort(formatSort(wanted) === formatSort(DEFAULT_SORT) ? undefined : formatSort(wanted))
            }
            onEnd={list.more ? list.loadMore : undefined}
          />
          <p class="foot" aria-live="polite">
            {list.more ? `The first ${formatCount(list.runs.length)} runs` : plural(list.runs.length, "run")}
            {live > 0 && ` · ${formatCount(live)} live`}
            {list.loadingMore && " · loading more"}
          </p>
        </div>
      )}
    </div>
  );
}
