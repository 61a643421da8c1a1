import type { Aggregate, ConditionType, Severity } from "../api/monitor-types";
import type { Draft, Gap, Side, Unit } from "./draft";
import { LIMITS } from "./draft";
import { SelectSlot, SpanSlot, TextSlot } from "./slots";

const SPAN_UNITS: readonly Unit[] = ["points", "s", "min", "h", "d"];
const TIME_UNITS: readonly Unit[] = ["s", "min", "h", "d"];
const AGGREGATES: { value: Aggregate; label: string }[] = [
  { value: "last", label: "last" },
  { value: "mean", label: "mean" },
  { value: "min", label: "min" },
  { value: "max", label: "max" },
  { value: "p50", label: "p50" },
  { value: "p95", label: "p95" },
  { value: "count", label: "count" },
  { value: "rate", label: "rate" },
];
const SEVERITIES: { value: Severity; label: string }[] = [
  { value: "info", label: "info" },
  { value: "warning", label: "warning" },
  { value: "critical", label: "critical" },
];
const SIDES: { value: Side; label: string }[] = [
  { value: "above", label: "above" },
  { value: "below", label: "below" },
];
const ANY_SIDE: { value: Side; label: string }[] = [...SIDES, { value: "away", label: "away from" }];

export const KINDS: { value: ConditionType; label: string }[] = [
  { value: "threshold", label: "Threshold" },
  { value: "baseline", label: "Baseline" },
  { value: "change", label: "Change" },
  { value: "drift", label: "Drift" },
  { value: "silence", label: "Silence" },
];

interface Props {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  metrics: readonly string[];
  models: readonly { name: string; aliases: readonly string[] }[];
  /** The slot that lacks something, once that is said. */
  gap: Gap | undefined;
}

/** The rule as a sentence whose words can be changed. */
export function RuleSentence(props: Props) {
  const { draft, onChange, gap } = props;
  return (
    <div class="rule-sentence">
      <span>When</span>
      <Middle {...props} />
      {draft.kind !== "silence" && (
        <>
          <span>for</span>
          <span class="slot-with">
            <TextSlot
              label="Windows in a row"
              numeric
              wrong={gap === "consecutive"}
              value={draft.consecutive}
              onChange={(consecutive) => onChange({ consecutive })}
            />
            <span>{draft.consecutive.trim() === "1" ? "window" : "windows"}</span>
          </span>
        </>
      )}
      <span>raise</span>
      <SelectSlot
        label="Severity"
        tone={draft.severity}
        value={draft.severity}
        options={SEVERITIES}
        onChange={(severity) => onChange({ severity })}
      />
    </div>
  );
}

/** What stands between "When" and how often. */
function Middle(props: Props) {
  const { draft, onChange, gap } = props;
  switch (draft.kind) {
    case "threshold":
      return (
        <>
          <Windowed {...props} />
          <span>is</span>
          <SelectSlot label="Side" value={draft.side} options={SIDES} onChange={(side) => onChange({ side })} />
          <TextSlot
            label="Value"
            numeric
            tone="limit"
            placeholder="value"
            wrong={gap === "value"}
            value={draft.value}
            onChange={(value) => onChange({ value })}
          />
        </>
      );
    case "baseline":
      return (
        <>
          <Windowed {...props} />
          <span>is more than</span>
          <span class="slot-pair">
            <TextSlot
              label="Margin"
              numeric
              tone="limit"
              wrong={gap === "margin"}
              value={draft.margin}
              onChange={(margin) => onChange({ margin })}
            />
            <SelectSlot
              label="Margin: unit"
              value={draft.relative ? "percent" : "absolute"}
              options={[
                { value: "percent", label: "%" },
                { value: "absolute", label: "absolute" },
              ]}
              onChange={(unit) => onChange({ relative: unit === "percent" })}
            />
          </span>
          <SelectSlot label="Side" value={draft.side} options={ANY_SIDE} onChange={(side) => onChange({ side })} />
          <BaselineSlots {...props} />
        </>
      );
    case "change":
      return (
        <>
          <Windowed {...props} />
          <span>is more than</span>
          <span class="slot-with">
            <TextSlot
              label="Deviations"
              numeric
              tone="limit"
              wrong={gap === "z"}
              value={draft.z}
              onChange={(z) => onChange({ z })}
            />
            <span>deviations</span>
          </span>
          <SelectSlot label="Side" value={draft.side} options={ANY_SIDE} onChange={(side) => onChange({ side })} />
          <span>the mean of the</span>
          <SpanSlot
            label="Points before"
            units={SPAN_UNITS}
            wrong={gap === "trailing"}
            value={draft.trailing}
            onChange={(trailing) => onChange({ trailing })}
          />
          <span>before</span>
        </>
      );
    case "drift":
      return (
        <>
          <Metric {...props} />
          <span>over</span>
          <Window {...props} />
          <span>drifts from</span>
          <BaselineSlots {...props} />
          <span>by</span>
          <SelectSlot
            label="Test"
            value={draft.test}
            options={[
              { value: "ks", label: "KS, p below" },
              { value: "psi", label: "PSI above" },
            ]}
            onChange={(test) => onChange({ test, limit: LIMITS[test] })}
          />
          <TextSlot
            label="Limit"
            numeric
            tone="limit"
            wrong={gap === "limit"}
            value={draft.limit}
            onChange={(limit) => onChange({ limit })}
          />
        </>
      );
    case "silence":
      return (
        <>
          <Metric {...props} />
          <span>of a running run has no point for</span>
          <SpanSlot
            label="How long"
            units={TIME_UNITS}
            wrong={gap === "silent"}
            value={draft.silent}
            onChange={(silent) => onChange({ silent })}
          />
        </>
      );
  }
}

function Windowed(props: Props) {
  const { draft, onChange } = props;
  return (
    <>
      <SelectSlot
        label="Aggregate"
        value={draft.aggregate}
        options={AGGREGATES}
        onChange={(aggregate) => onChange({ aggregate })}
      />
      <span>of</span>
      <Metric {...props} />
      {(draft.aggregate !== "last" || draft.window.amount.trim() !== "1" || draft.window.unit !== "points") && (
        <>
          <span>over</span>
          <Window {...props} />
        </>
      )}
    </>
  );
}

function Metric({ draft, onChange, metrics, gap }: Props) {
  return (
    <TextSlot
      label="Metric"
      tone="key"
      placeholder="metric"
      known={metrics}
      wrong={gap === "metric"}
      value={draft.metric}
      onChange={(metric) => onChange({ metric })}
    />
  );
}

function Window({ draft, onChange, gap }: Props) {
  return (
    <SpanSlot
      label="Window"
      units={SPAN_UNITS}
      wrong={gap === "window"}
      value={draft.window}
      onChange={(window) => onChange({ window })}
    />
  );
}

function BaselineSlots({ draft, onChange, models, gap }: Props) {
  const aliases = models.find(({ name }) => name === draft.baselineModel)?.aliases ?? [];
  return (
    <>
      <SelectSlot
        label="Baseline"
        value={draft.baseline}
        options={[
          { value: "experiment", label: "the experiment’s baseline" },
          { value: "trailing", label: "what came before" },
          { value: "model", label: "a model’s run" },
          { value: "run", label: "a run" },
        ]}
        onChange={(baseline) => onChange({ baseline })}
      />
      {draft.baseline === "run" && (
        <TextSlot
          label="Baseline: run id"
          tone="key"
          placeholder="run id"
          wrong={gap === "baselineRun"}
          value={draft.baselineRun}
          onChange={(baselineRun) => onChange({ baselineRun })}
        />
      )}
      {draft.baseline === "model" && (
        <>
          <TextSlot
            label="Baseline: model"
            placeholder="model"
            known={models.map(({ name }) => name)}
            wrong={gap === "baselineModel"}
            value={draft.baselineModel}
            onChange={(baselineModel) => onChange({ baselineModel })}
          />
          <span>@</span>
          <TextSlot
            label="Baseline: alias"
            placeholder="alias"
            known={aliases}
            wrong={gap === "baselineAlias"}
            value={draft.baselineAlias}
            onChange={(baselineAlias) => onChange({ baselineAlias })}
          />
        </>
      )}
      {draft.baseline === "trailing" && (
        <SpanSlot
          label="Span before"
          units={SPAN_UNITS}
          wrong={gap === "trailing"}
          value={draft.trailing}
          onChange={(trailing) => onChange({ trailing })}
        />
      )}
    </>
  );
}
