import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Policy, PolicyInput } from "../api/monitor-types";
import { fetchHome } from "../api/tidemark";
import { useResource } from "../data/resource";
import { plural } from "../lib/format";
import { FieldError } from "../parts/field-error";
import { Segments } from "../parts/segments";
import {
  among,
  draftOf,
  inputOf,
  type PatternDraft,
  type PolicyDraft,
  type Problems,
  problemsOf,
  refusedField,
  verdictOf,
} from "./draft";

const MODES: { value: Policy["mode"]; label: string }[] = [
  { value: "warn", label: "Warn" },
  { value: "reject", label: "Refuse" },
];
const NAMED = 3;

interface Props {
  policy: Policy | undefined;
  /** Sends it; what the server says against it comes back to `failed`. */
  onSave: (input: PolicyInput, failed: (error: Error) => void) => void;
  onCancel: () => void;
}

/** A policy's rules as fields; what is wrong stands beside each. */
export function PolicyForm({ policy, onSave, onCancel }: Props) {
  const [draft, setDraft] = useState(() => draftOf(policy));
  const [refused, setRefused] = useState<Problems>({});
  // Nothing is called wrong before somebody wanted to save it.
  const [isTried, setTried] = useState(false);
  const found = problemsOf(draft);
  const shown: Problems = { ...refused, ...(isTried ? found : {}) };
  const change = (part: Partial<PolicyDraft>) => {
    setDraft({ ...draft, ...part });
    setRefused({});
  };
  const save = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(found).length > 0) return;
    onSave(inputOf(draft), ({ message }) => setRefused({ [refusedField(message) ?? "all"]: message }));
  };
  return (
    <form class="policy-form" aria-label={policy ? `Change ${policy.name}` : "New policy"} onSubmit={save} noValidate>
      <Line label="Name" id="policy-name" problem={shown.name}>
        <input
          class="input"
          id="policy-name"
          placeholder="team standards"
          maxLength={200}
          aria-invalid={shown.name !== undefined}
          value={draft.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </Line>
      <Line label="What breaks it" problem={undefined}>
        <Segments label="Mode" options={MODES} value={draft.mode} onChange={(mode) => change({ mode })} />
        <span class="hint">
          {draft.mode === "reject"
            ? "is refused, in words that say what to change."
            : "is let through, tagged and listed below."}
        </span>
      </Line>
      <Line label="Experiments" id="policy-experiments" problem={shown.experiments}>
        <input
          class="input mono"
          id="policy-experiments"
          placeholder="*"
          maxLength={500}
          value={draft.experiments}
          onInput={(event) => change({ experiments: event.currentTarget.value })}
        />
        <Reach experiments={draft.experiments} />
      </Line>
      <PatternLine
        id="policy-run-name"
        label="Run names"
        placeholder="[a-z]+-\d{8}-\d{6}"
        example="ana-20261121-090000"
        rule={draft.runName}
        problem={shown.run_name}
        onChange={(runName) => change({ runName })}
      />
      <PatternLine
        id="policy-experiment-name"
        label="Experiment names"
        placeholder="(fraud|asr)-[a-z0-9-]+"
        example="fraud-scoring-v4"
        rule={draft.experimentName}
        problem={shown.experiment_name}
        onChange={(experimentName) => change({ experimentName })}
      />
      <Tags tags={draft.tags} problem={shown.required_tags} onChange={(tags) => change({ tags })} />
      <Line label="Default experiment" problem={undefined}>
        <label class="check">
          <input type="checkbox" checked={draft.noDefault} onChange={() => change({ noDefault: !draft.noDefault })} />
          No runs in it: whoever starts one names an experiment
        </label>
      </Line>
      <Line label="Longest param" id="policy-longest" problem={shown.max_param_length}>
        <input
          class="input input-short num"
          id="policy-longest"
          inputMode="numeric"
          placeholder="any"
          aria-invalid={shown.max_param_length !== undefined}
          value={draft.longest}
          onInput={(event) => change({ longest: event.currentTarget.value })}
        />
        <span class="hint">characters; longer values belong in a file</span>
      </Line>
      <FieldError text={shown.all} />
      <div class="tools">
        <button type="submit" class="button button-main">
          {policy ? "Save policy" : "Add policy"}
        </button>
        <button type="button" class="button quiet-button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface LineProps {
  label: string;
  /** Of the field that the label names; without one it names the group. */
  id?: string;
  problem: string | undefined;
  children: ComponentChildren;
}

function Line({ label, id, problem, children }: LineProps) {
  return (
    <div class="policy-line">
      {id ? (
        <label class="label" for={id}>
          {label}
        </label>
      ) : (
        <span class="label">{label}</span>
      )}
      <div class="policy-fields">
        {children}
        <FieldError text={problem} />
      </div>
    </div>
  );
}

interface PatternProps {
  id: string;
  label: string;
  placeholder: string;
  example: string;
  rule: PatternDraft;
  problem: string | undefined;
  onChange: (rule: PatternDraft) => void;
}

/** A regular expression, a name for the message, and a place to try names. */
function PatternLine({ id, label, placeholder, example, rule, problem, onChange }: PatternProps) {
  const [name, setName] = useState("");
  const verdict = verdictOf(rule.pattern, name);
  return (
    <Line label={label} id={id} problem={problem}>
      <input
        class="input mono"
        id={id}
        placeholder={placeholder}
        maxLength={500}
        spellcheck={false}
        aria-invalid={problem !== undefined}
        value={rule.pattern}
        onInput={(event) => onChange({ ...rule, pattern: event.currentTarget.value })}
      />
      {rule.pattern !== "" && (
        <>
          <label class="policy-sub">
            <span class="hint">Example</span>
            <input
              class="input"
              placeholder={example}
              maxLength={500}
              value={rule.example}
              onInput={(event) => onChange({ ...rule, example: event.currentTarget.value })}
            />
          </label>
          <label class="policy-sub">
            <span class="hint">Try a name</span>
            <input class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <p class="hint policy-verdict" aria-live="polite">
            {verdict === undefined ? "" : verdict ? `✓ “${name}” is allowed` : `✗ “${name}” is not allowed`}
          </p>
        </>
      )}
    </Line>
  );
}

interface TagsProps {
  tags: PolicyDraft["tags"];
  problem: string | undefined;
  onChange: (tags: PolicyDraft["tags"]) => void;
}

function Tags({ tags, problem, onChange }: TagsProps) {
  const set = (i: number, part: Partial<PolicyDraft["tags"][number]>) =>
    onChange(tags.map((tag, at) => (at === i ? { ...tag, ...part } : tag)));
  return (
    <Line label="Tags from the start" problem={problem}>
      {tags.map(({ key, values }, i) => (
        <div class="policy-tag" key={i}>
          <input
            class="input input-short"
            aria-label={`Name of tag ${i + 1}`}
            placeholder="env"
            value={key}
            onInput={(event) => set(i, { key: event.currentTarget.value })}
          />
          <input
            class="input"
            aria-label={`Allowed values of tag ${i + 1}`}
            placeholder="training, production (any, where left empty)"
            value={values}
            onInput={(event) => set(i, { values: event.currentTarget.value })}
          />
          <button
            type="button"
            class="button quiet-button"
            aria-label={`Remove tag ${i + 1}`}
            onClick={() => onChange(tags.filter((_, at) => at !== i))}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" class="chip chip-add" onClick={() => onChange([...tags, { key: "", values: "" }])}>
        Add a tag
      </button>
    </Line>
  );
}

/** Which experiments there are that a policy would be for. */
function Reach({ experiments }: { experiments: string }) {
  const { data } = useResource("home", fetchHome);
  if (!data || experiments.trim() === "" || experiments.trim() === "*") {
    return <span class="hint">* stands for anything: team-*</span>;
  }
  const names = among(
    experiments,
    data.experiments.map(({ name }) => name),
  );
  const some = names.slice(0, NAMED).join(", ");
  return (
    <span class="hint" aria-live="polite">
      {names.length === 0
        ? "no experiment has such a name yet"
        : `${plural(names.length, "experiment")}: ${some}${names.length > NAMED ? ", …" : ""}`}
    </span>
  );
}
