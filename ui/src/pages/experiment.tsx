import { useEffect, useMemo, useRef } from "preact/hooks";
import { restoreExperiment } from "../api/mlflow";
import { fetchKeys, getView } from "../api/tidemark";
import { conventionsOf, useExperiment } from "../data/experiment";
import { useMedia } from "../data/media";
import { useResource } from "../data/resource";
import { hashHref, navigate, runPath } from "../lib/address";
import { useTitle } from "../lib/title";
import { BaselineChip, BaselineNote } from "../parts/baseline";
import { FirstRun } from "../parts/first-run";
import { ErrorNote } from "../parts/states";
import { ExperimentMenu, ShareButton, ViewsMenu } from "./experiment-menus";
import { ExperimentRuns } from "./experiment-runs";
import { useExperimentState, type View } from "./experiment-state";
import { useBaselineRow, useRunsTable } from "./experiment-table";

/** The runs of one experiment, as a table and as charts. */
export function ExperimentPage({ id }: { id: string }) {
  const isRoomy = useMedia("(min-width: 1100px)");
  const usual: View = isRoomy ? "split" : "table";
  const [state, actions] = useExperimentState(usual);
  const experiment = useExperiment(id);
  const keys = useResource(`keys ${id}`, (signal) => fetchKeys(id, signal));
  const conventions = useMemo(() => conventionsOf(experiment.data), [experiment.data]);
  const table = useRunsTable({ id, state, keys: keys.data, conventions, settled: experiment.data !== undefined });
  const baseline = useBaselineRow(id, conventions.baseline, table.request);
  const name = experiment.data?.name;
  useTitle(name);
  useStoredView(id, state.stored);

  const { data } = table;
  const { shown } = table;
  const isEmpty = data?.done === true && data.total === 0 && !shown?.filter && shown?.run_view_type === undefined;
  const wasEmpty = useRef(false);
  useEffect(() => {
    if (!data?.done) return;
    const newest = data.id[0];
    // Whoever waits for the first run wants to see it.
    if (wasEmpty.current && newest) navigate(runPath(newest), { replace: true });
    wasEmpty.current = isEmpty;
  }, [data, data?.done, isEmpty]);

  const reloadAll = () => {
    experiment.reload();
    keys.reload();
    table.reload();
  };
  return (
    <div class={isEmpty ? "page" : "page page-fill"}>
      <div class="section-head experiment-head">
        <h1 class="crumbs">
          <a href={hashHref("/")}>Experiments</a>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span class="clip" title={name}>
            {name ?? `Experiment ${id}`}
          </span>
        </h1>
        {conventions.baseline && baseline && <BaselineChip run={conventions.baseline} name={baseline.name[0] ?? ""} />}
        {!isEmpty && (
          <div class="tools push">
            <ViewsMenu experiment={id} />
            <ShareButton experiment={id} />
            <ExperimentMenu
              id={id}
              name={name}
              state={state}
              actions={actions}
              hasBaseline={conventions.baseline !== undefined}
              reload={reloadAll}
            />
          </div>
        )}
      </div>
      <BaselineNote experiment={id} onChange={experiment.reload} />
      {experiment.data?.lifecycle_stage === "deleted" && (
        <p class="note">
          This experiment is deleted.
          <button
            type="button"
            class="button"
            onClick={() =>
              void restoreExperiment(id)
                .catch(() => undefined)
                .then(reloadAll)
            }
          >
            Restore
          </button>
        </p>
      )}
      {state.problems.length > 0 && (
        <p class="foot-note">The address asks for {state.problems.join(" and ")}, which there is none of.</p>
      )}
      {experiment.error && (
        <ErrorNote
          stale={experiment.data !== undefined}
          what="The experiment"
          error={experiment.error}
          retry={experiment.reload}
        />
      )}
      {isEmpty && !experiment.error && (
        <section class="notice">
          <h2>No runs yet</h2>
          <p class="lead">Point MLflow at this server and run your script. This page opens the first run by itself.</p>
          {experiment.data && <FirstRun experiment={name === "Default" ? undefined : name} />}
        </section>
      )}
      {!(experiment.error && !experiment.data) && (
        <ExperimentRuns
          id={id}
          hidden={isEmpty}
          state={state}
          actions={actions}
          table={table}
          keys={keys.data}
          conventions={conventions}
          baseline={baseline}
          reloadExperiment={experiment.reload}
          reloadKeys={keys.reload}
        />
      )}
    </div>
  );
}

/** An address too long to send around is stored, and named by `v`. */
function useStoredView(experiment: string, view: string | undefined): void {
  useEffect(() => {
    if (!view) return;
    const control = new AbortController();
    getView(experiment, view, control.signal)
      .then(({ address }) => navigate(address.replace(/^#/, ""), { replace: true }))
      .catch(() => undefined);
    return () => control.abort();
  }, [experiment, view]);
}
