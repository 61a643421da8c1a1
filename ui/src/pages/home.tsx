import { useEffect, useRef } from "preact/hooks";
import { useNow } from "../data/clock";
import { useResource } from "../data/resource";
import { experimentPath, hashHref, navigate, runPath, useQueryKey } from "../lib/address";
import { formatCount } from "../lib/format";
import { lastPoint, runName, toNumber } from "../lib/runs";
import { useTitle } from "../lib/title";
import { Value } from "../parts/number";
import { FirstRun } from "../parts/snippet";
import { BusyBar, ErrorNote, PendingRows } from "../parts/states";
import { Age, LiveDot, RunState } from "../parts/status";
import { EXPERIMENTS_MAX, type ExperimentRow, type Home, loadHome, RUNS_MAX } from "./home-data";

const LISTEN_MS = 2_000;
const LIVE_MS = 5_000;
const QUIET_MS = 15_000;
/** Live runs listed by name; the rest are counted. */
const LIVE_SHOWN = 6;

/** Experiments and what happens in them now. */
export function HomePage() {
  useTitle(undefined);
  const { data, error, busy, reload } = useResource("home", loadHome, { pollMs: howOften });
  const wasEmpty = useRef(false);
  useEffect(() => {
    if (!data) return;
    // Whoever waits for the first run wants to see it.
    if (wasEmpty.current && data.newestRun) navigate(runPath(data.newestRun.info.run_id), { replace: true });
    wasEmpty.current = data.newestRun === undefined;
  }, [data]);

  if (data && !data.newestRun) return <EmptyHome home={data} />;
  return (
    <div class="page">
      {data && data.live.length > 0 && <LiveNow live={data.live} />}
      {data ? <Experiments home={data} /> : <h1>Experiments</h1>}
      {error && <ErrorNote stale={data !== undefined} what="The experiments" error={error} retry={reload} />}
      {!data && !error && (
        <div class="panel">
          <BusyBar busy={busy} />
          <PendingRows rows={8} label="Loading experiments" />
        </div>
      )}
    </div>
  );
}

function howOften(home: Home | undefined): number {
  if (!home?.newestRun) return LISTEN_MS;
  return home.live.length ? LIVE_MS : QUIET_MS;
}

function EmptyHome({ home }: { home: Home }) {
  const named = home.rows.filter((row) => row.experiment.name !== "Default");
  return (
    <div class="page">
      <section class="notice">
        <h1>No runs yet</h1>
        <p class="lead">Point MLflow at this server and run your script. This page opens the first run by itself.</p>
        <FirstRun />
      </section>
      {named.length > 0 && <Experiments home={home} />}
    </div>
  );
}

function LiveNow({ live }: { live: Home["live"] }) {
  const now = useNow(10_000);
  const points = live.flatMap(({ run }) => lastPoint(run)?.timestamp ?? []).filter((at) => at <= now + 60_000);
  return (
    <section class="panel" aria-labelledby="live-now">
      <div class="panel-head">
        <h2 id="live-now">
          Live now <span class="count">{formatCount(live.length)}</span>
        </h2>
        {points.length > 0 && (
          <span class="quiet small">
            newest point <Age at={Math.max(...points)} ago />
          </span>
        )}
      </div>
      <ul class="rows">
        {live.slice(0, LIVE_SHOWN).map(({ run, experiment }) => {
          const point = lastPoint(run);
          return (
            <li class="live-row" key={run.info.run_id}>
              <LiveDot />
              <a class="row-name" href={hashHref(runPath(run.info.run_id))}>
                {runName(run.info)}
              </a>
              <span class="live-experiment quiet">{experiment.name}</span>
              <span class="live-key key quiet">{point?.key}</span>
              <span class="live-value">{point && <Value value={toNumber(point.value)} />}</span>
            </li>
          );
        })}
      </ul>
      {live.length > LIVE_SHOWN && <p class="foot">{formatCount(live.length - LIVE_SHOWN)} more live</p>}
    </section>
  );
}

function Experiments({ home }: { home: Home }) {
  const [q, setQ] = useQueryKey("q");
  const wanted = (q ?? "").toLowerCase();
  const rows = home.rows.filter((row) => row.experiment.name.toLowerCase().includes(wanted));
  return (
    <section aria-labelledby="experiments">
      <div class="section-head">
        <h1 id="experiments">
          Experiments <span class="count">{formatCount(home.rows.length)}</span>
        </h1>
        <input
          class="input"
          type="search"
          placeholder="Filter by name"
          aria-label="Filter experiments by name"
          value={q ?? ""}
          onInput={(event) => setQ(event.currentTarget.value || undefined, { replace: true })}
        />
      </div>
      <div class="panel">
        {rows.length > 0 ? (
          <ExperimentTable rows={rows} atLeast={home.moreRuns} />
        ) : (
          <NoMatch clear={() => setQ(undefined)} />
        )}
        <Partial home={home} />
      </div>
    </section>
  );
}

function ExperimentTable({ rows, atLeast }: { rows: ExperimentRow[]; atLeast: boolean }) {
  return (
    <table class="table experiments">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="right">
            Runs
          </th>
          <th scope="col" class="right wide-only">
            Live
          </th>
          <th scope="col" class="wide-only after-figures">
            Newest run
          </th>
          <th scope="col" class="wide-only">
            State
          </th>
          <th scope="col" class="right">
            Last activity
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ experiment, runs, live, newest, active }) => (
          <tr key={experiment.experiment_id}>
            <th scope="row">
              <a class="row-name" href={hashHref(experimentPath(experiment.experiment_id))} title={experiment.name}>
                {experiment.name}
              </a>
            </th>
            <td class="right num">
              {atLeast && <span title={`Among the newest ${RUNS_MAX} runs`}>≥ </span>}
              {formatCount(runs)}
            </td>
            <td class={live > 0 ? "right num wide-only" : "right num quiet wide-only"}>
              {live > 0 && <LiveDot />} {formatCount(live)}
            </td>
            <td class="wide-only clip after-figures">
              {newest && <a href={hashHref(runPath(newest.info.run_id))}>{runName(newest.info)}</a>}
            </td>
            <td class="wide-only">{newest && <RunState info={newest.info} />}</td>
            <td class="right num">{active > 0 && <Age at={active} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <p class="foot">
      No experiment matches.{" "}
      <button type="button" class="button" onClick={clear}>
        Clear the filter
      </button>
    </p>
  );
}

/** Says what was left out. */
function Partial({ home }: { home: Home }) {
  if (!home.moreExperiments && !home.moreRuns) return null;
  return (
    <p class="foot">
      {home.moreExperiments && `The newest ${formatCount(EXPERIMENTS_MAX)} experiments. `}
      {home.moreRuns && `Counts cover the newest ${formatCount(RUNS_MAX)} runs.`}
    </p>
  );
}
