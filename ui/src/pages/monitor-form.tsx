import { useEffect, useMemo, useState } from "preact/hooks";
import type { Monitor, MonitorInput } from "../api/monitor-types";
import { createMonitor, getMonitor, updateMonitor } from "../api/monitors";
import { searchRegisteredModels } from "../api/registry";
import { fetchHome, fetchKeys } from "../api/tidemark";
import { alertsChanged } from "../data/alerts";
import { useResource } from "../data/resource";
import { hashHref, monitorPath, navigate, runPath, useQuery } from "../lib/address";
import { headlineRank } from "../lib/direction";
import { useTitle } from "../lib/title";
import {
  type Draft,
  draftOf,
  type Gap,
  inputOf,
  newDraft,
  type Part,
  partOf,
  partOfGap,
  ruleOf,
  scopeOf,
  suggestedName,
  withKind,
  worseSide,
} from "../monitors/draft";
import { FormChart } from "../monitors/form-chart";
import { FormScope } from "../monitors/form-scope";
import { KINDS, RuleSentence } from "../monitors/form-sentence";
import { FormTargets } from "../monitors/form-targets";
import { keysOfRun } from "../monitors/scope-runs";
import { usePreview, useSettled } from "../monitors/use-preview";
import { SPANS, spanFor, useScopeRuns } from "../monitors/use-standing";
import { Segments } from "../parts/segments";
import { ErrorNote, PendingRows } from "../parts/states";

const TYPING_MS = 250;

/** A monitor to be made; the address may name its scope, metric and value. */
export function NewMonitorPage() {
  const [query] = useQuery();
  const draft = useMemo(() => newDraft(query.get("scope"), query.get("metric"), query.get("value")), [query]);
  return <MonitorForm key={query.toString()} first={draft} monitor={undefined} />;
}

/** A monitor to be changed. */
export function EditMonitorPage({ id }: { id: string }) {
  const { data, error, reload } = useResource(`monitor ${id}`, (signal) => getMonitor(id, signal));
  if (data) return <MonitorForm key={data.updated_time} first={draftOf(data)} monitor={data} />;
  return (
    <div class="page">
      <h1>Edit monitor</h1>
      {error ? (
        <ErrorNote what="The monitor" error={error} retry={reload} />
      ) : (
        <div class="panel">
          <PendingRows rows={6} label="Loading the monitor" />
        </div>
      )}
    </div>
  );
}

interface Said {
  part: Part;
  message: string;
  gap?: Gap;
}

function MonitorForm({ first, monitor }: { first: Draft; monitor: Monitor | undefined }) {
  const title = monitor ? "Edit monitor" : "New monitor";
  useTitle(title);
  const [draft, setDraft] = useState(first);
  const [said, setSaid] = useState<Said | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [spanName, setSpanName] = useState<string | undefined>(undefined);
  const change = (fields: Partial<Draft>) => {
    setSaid(undefined);
    setDraft((old) => changed(old, fields));
  };

  const home = useResource("home", fetchHome);
  const experiments = home.data?.experiments ?? [];
  const models = useResource("models", (signal) => searchRegisteredModels({}, signal).then(({ items }) => items));
  const known = (models.data ?? []).map(({ name, aliases }) => ({
    name,
    aliases: (aliases ?? []).map(({ alias }) => alias),
  }));
  const keys = useResource(`keys ${draft.experiment}`, (signal) => fetchKeys(draft.experiment, signal), {
    idle: draft.scope !== "experiment" || draft.experiment === "",
  });
  const placed = scopeOf(draft);
  const scope = "scope" in placed ? placed.scope : undefined;
  const ofRun = useResource(
    `keys of ${JSON.stringify(scope)}`,
    (signal) => keysOfRun(scope ?? { run_id: "" }, signal),
    { idle: draft.scope === "experiment" || scope === undefined },
  );
  const metrics = draft.scope === "experiment" ? keys.data?.metrics.map(({ key }) => key) : ofRun.data;

  // Nobody said where: the experiment that was active last, and the metric that says most.
  const newest = experiments.find(({ runs }) => runs > 0)?.experiment_id;
  useEffect(() => {
    if (!monitor && draft.scope === "experiment" && draft.experiment === "" && newest) change({ experiment: newest });
  }, [newest, draft.scope]);
  const likely = useMemo(() => metrics?.toSorted((a, b) => headlineRank(b) - headlineRank(a))[0], [metrics]);
  useEffect(() => {
    if (!monitor && draft.metric === "" && likely !== undefined) change({ metric: likely });
  }, [likely]);

  const watched = scope && draft.metric ? { scope, metric: draft.metric } : undefined;
  const settled = useSettled(watched, JSON.stringify(watched), TYPING_MS);
  const runs = useScopeRuns(settled);
  const span = SPANS.find(({ name }) => name === spanName) ?? spanFor(newestPoint(runs.data));
  const made = ruleOf(draft);
  const isAsked = "rule" in made && scope !== undefined && draft.kind !== "silence";
  const preview = usePreview(isAsked ? { ...made.rule, scope } : undefined, span.ms);
  const refused = preview.error && { part: partOf(preview.error.message), message: preview.error.message };
  const problem: Said | undefined = said ?? refused;

  const save = async (event: Event) => {
    event.preventDefault();
    const found = inputOf(draft);
    if ("gap" in found) {
      setSaid({ part: partOfGap(found.gap), message: "Something is missing here, or is no number.", gap: found.gap });
      return;
    }
    setBusy(true);
    try {
      const saved = monitor
        ? await updateMonitor(monitor.monitor_id, withEvery(found.input, monitor))
        : await createMonitor(found.input);
      alertsChanged();
      navigate(monitorPath(saved.monitor_id));
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      setSaid({ part: partOf(message), message });
      setBusy(false);
    }
  };
  const back = monitor ? monitorPath(monitor.monitor_id) : first.run ? runPath(first.run, "monitors") : "/monitors";
  return (
    <div class="page monitor-form-page">
      <div class="section-head">
        <h1 class="crumbs">
          <a href={hashHref("/monitors")}>Monitors</a>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span>{title}</span>
        </h1>
      </div>
      <form class="panel monitor-form" onSubmit={save}>
        <div class="form-part">
          <div class="form-kinds">
            <Segments
              label="Kind"
              options={KINDS}
              value={draft.kind}
              onChange={(kind) => {
                setSaid(undefined);
                setDraft((old) => withKind(old, kind));
              }}
            />
            {draft.kind === "threshold" && <span class="quiet small">Drag the line or type the value</span>}
          </div>
          <RuleSentence draft={draft} onChange={change} metrics={metrics ?? []} models={known} gap={problem?.gap} />
          <Problem part="rule" said={problem} />
          <FormChart
            draft={draft}
            metric={settled?.metric ?? ""}
            runs={runs.data}
            span={span}
            onSpan={setSpanName}
            preview={preview}
            onValue={(value) => change({ value })}
          />
        </div>
        <div class="form-part form-fields">
          <fieldset class="form-wide">
            <legend class="label">Applies to</legend>
            <FormScope
              draft={draft}
              onChange={change}
              experiments={experiments}
              models={known}
              keys={keys.data}
              runs={preview.data?.runs}
              gap={problem?.gap}
            />
            <Problem part="scope" said={problem} />
          </fieldset>
          <fieldset>
            <legend class="label">Tell</legend>
            <FormTargets targets={draft.targets} onChange={(targets) => change({ targets })} />
            <Problem part="tell" said={problem} />
          </fieldset>
          <label class="field-stack">
            <span class="label">Name</span>
            <input
              class="input"
              maxLength={200}
              placeholder={suggestedName(draft)}
              value={draft.name}
              onInput={(event) => change({ name: event.currentTarget.value })}
            />
            <Problem part="name" said={problem} />
          </label>
          {draft.kind !== "silence" && (
            <details class="form-wide" open={problem?.part === "more"}>
              <summary>Recovery, cooldown, how often</summary>
              <More draft={draft} onChange={change} gap={problem?.gap} />
              <Problem part="more" said={problem} />
            </details>
          )}
        </div>
        <div class="form-foot">
          <span class="quiet small">
            {monitor
              ? "Another rule, scope or severity ends the alerts that fire."
              : "Checked as points arrive, in the log of each run."}
          </span>
          <Problem part="form" said={problem} />
          <div class="tools push">
            <a class="button" href={hashHref(back)}>
              Cancel
            </a>
            <button type="submit" class="button button-main" disabled={busy}>
              {monitor ? "Save" : "Create monitor"}
            </button>
          </div>
        </div>
      </form>
    </div>
  );
}

/** What goes with a change: another metric is worse on another side, and has values of another size. */
function changed(old: Draft, fields: Partial<Draft>): Draft {
  const next = { ...old, ...fields };
  if (fields.metric !== undefined && fields.metric !== old.metric) {
    if (next.kind === "threshold" || next.kind === "baseline") next.side = worseSide(fields.metric);
    if (fields.value === undefined && old.metric !== "") next.value = "";
  }
  if (fields.aggregate !== undefined && fields.aggregate !== "last" && old.aggregate === "last") {
    const isSingle = old.window.unit === "points" && old.window.amount.trim() === "1";
    if (isSingle) next.window = { amount: "5", unit: "min" };
  }
  return next;
}

/** A field that is left out of a change stays as it was: what was emptied is sent as it is by default. */
function withEvery(input: MonitorInput, monitor: Monitor): MonitorInput {
  if (input.every !== undefined || monitor.every === undefined) return input;
  if (input.condition.type !== "drift") return { ...input, every: 1 };
  return { ...input, every: "points" in input.window ? Math.max(1, Math.floor(input.window.points / 10)) : 10 };
}

const newestPoint = (runs: readonly { lastPoint: number | undefined }[] | undefined): number | undefined =>
  runs && runs.length > 0 ? Math.max(...runs.map(({ lastPoint }) => lastPoint ?? 0)) : undefined;

function Problem({ part, said }: { part: Part; said: Said | undefined }) {
  if (said?.part !== part) return null;
  return (
    <p class="field-error" role="alert">
      {said.message}
    </p>
  );
}

interface MoreProps {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  gap: Gap | undefined;
}

function More({ draft, onChange, gap }: MoreProps) {
  const fields = [
    { name: "recovery", label: "Resolves after", unit: "windows that are well" },
    { name: "cooldown", label: "The same alert goes on if it fires again within", unit: "min" },
    {
      name: "every",
      label: "Looks at every",
      unit: "points",
      placeholder: draft.kind === "drift" ? "10th of the window" : "1",
    },
  ] as const;
  return (
    <div class="form-more">
      {fields.map(({ name, label, unit, ...rest }) => (
        <label class="field" key={name}>
          <span>{label}</span>
          <input
            class="input form-number"
            inputMode="decimal"
            aria-invalid={gap === name}
            value={draft[name]}
            onInput={(event) => onChange({ [name]: event.currentTarget.value })}
            {...rest}
          />
          <span>{unit}</span>
        </label>
      ))}
    </div>
  );
}
