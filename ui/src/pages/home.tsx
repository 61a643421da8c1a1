import { useEffect, useRef, useState } from "preact/hooks";
import { createExperiment } from "../api/mlflow";
import type { Home } from "../api/page-types";
import { fetchHome } from "../api/tidemark";
import { useResource } from "../data/resource";
import { experimentPath, navigate, runPath, useQueryKey } from "../lib/address";
import { formatCount } from "../lib/format";
import { useKeys } from "../lib/keys";
import { useTitle } from "../lib/title";
import { FirstRun } from "../parts/first-run";
import { focusOnce, InlineForm } from "../parts/inline-form";
import { BusyBar, ErrorNote, PendingRows } from "../parts/states";
import { ExperimentTable } from "./home-experiments";
import { FiringNow } from "./home-firing";
import { LiveNow } from "./home-live";

const LISTEN_MS = 2_000;
const LIVE_MS = 5_000;
const QUIET_MS = 15_000;

/** Experiments and what happens in them now. */
export function HomePage() {
  useTitle(undefined);
  const { data, error, busy, reload } = useResource("home", fetchHome, { pollMs: howOften });
  const wasEmpty = useRef(false);
  const isEmpty = data !== undefined && newestRun(data) === undefined;
  useEffect(() => {
    if (!data) return;
    const newest = newestRun(data);
    // Whoever waits for the first run wants to see it.
    if (wasEmpty.current && newest) navigate(runPath(newest), { replace: true });
    wasEmpty.current = newest === undefined;
  }, [data]);

  if (data && isEmpty) return <EmptyHome home={data} reload={reload} />;
  return (
    <div class="page">
      {data && (data.firing.watched || data.live.length > 0) && (
        <div class="home-top">
          <FiringNow firing={data.firing} now={data.now} reload={reload} />
          {data.live.length > 0 && <LiveNow live={data.live} />}
        </div>
      )}
      {data ? <Experiments home={data} reload={reload} /> : <h1>Experiments</h1>}
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
  if (!home || newestRun(home) === undefined) return LISTEN_MS;
  return home.live.length || home.firing.total ? LIVE_MS : QUIET_MS;
}

function newestRun(home: Home): string | undefined {
  return home.live[0]?.run_id ?? home.experiments.find(({ newest }) => newest.length > 0)?.newest[0]?.run_id;
}

function EmptyHome({ home, reload }: { home: Home; reload: () => void }) {
  const named = home.experiments.filter(({ name }) => name !== "Default");
  return (
    <div class="page">
      <section class="notice">
        <h1>No runs yet</h1>
        <p class="lead">Point MLflow at this server and run your script. This page opens the first run by itself.</p>
        <FirstRun />
      </section>
      {named.length > 0 && <Experiments home={home} reload={reload} />}
    </div>
  );
}

function Experiments({ home, reload }: { home: Home; reload: () => void }) {
  const [q, setQ] = useQueryKey("q");
  const search = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => search.current?.focus() });
  const wanted = (q ?? "").toLowerCase();
  const rows = home.experiments.filter(
    ({ name, tags }) =>
      name.toLowerCase().includes(wanted) ||
      tags.some(({ key, value }) => `${key}=${value}`.toLowerCase().includes(wanted)),
  );
  return (
    <section aria-labelledby="experiments">
      <div class="section-head">
        <h1 id="experiments">
          Experiments <span class="count">{formatCount(home.total)}</span>
        </h1>
        <div class="tools push">
          <input
            class="input"
            type="search"
            ref={search}
            placeholder="Filter by name or tag"
            aria-label="Filter experiments by name or tag"
            value={q ?? ""}
            onInput={(event) => setQ(event.currentTarget.value || undefined, { replace: true })}
          />
          <NewExperiment reload={reload} />
        </div>
      </div>
      <div class="panel">
        {rows.length > 0 ? (
          <ExperimentTable rows={rows} now={home.now} />
        ) : (
          <p class="foot">
            No experiment matches. {formatCount(home.experiments.length)} experiments without this filter.{" "}
            <button type="button" class="button" onClick={() => setQ(undefined)}>
              Clear the filter
            </button>
          </p>
        )}
        {home.total > home.experiments.length && (
          <p class="foot">
            The {formatCount(home.experiments.length)} last active of {formatCount(home.total)} experiments.
          </p>
        )}
      </div>
    </section>
  );
}

function NewExperiment({ reload }: { reload: () => void }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const create = async () => {
    const id = await createExperiment(name.trim());
    reload();
    navigate(experimentPath(id));
  };
  if (!open) {
    return (
      <button type="button" class="button" onClick={() => setOpen(true)}>
        New experiment
      </button>
    );
  }
  return (
    <InlineForm label="Create" onSave={create} onCancel={() => setOpen(false)}>
      {(isRefused) => (
        <input
          class="input"
          aria-label="Name of the experiment"
          placeholder="Name"
          required
          ref={focusOnce}
          aria-invalid={isRefused}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      )}
    </InlineForm>
  );
}
