/** A monitor while it is being written: what the form's slots hold, and what that comes to. Plain functions. */
import type {
  Aggregate,
  Baseline,
  Condition,
  ConditionType,
  Monitor,
  MonitorInput,
  PreviewRequest,
  Rule,
  Scope,
  Severity,
  Span,
  Target,
  TargetFormat,
} from "../api/monitor-types";
import { guessDirection } from "../lib/direction";

export type Unit = "points" | "s" | "min" | "h" | "d";

/** Numbers are texts, as somebody types them. */
export interface SpanDraft {
  amount: string;
  unit: Unit;
}

/** Where a breach lies. */
export type Side = "above" | "below" | "away";

export interface TargetDraft {
  format: TargetFormat;
  url: string;
  secret: string;
  /** The server keeps a secret for this address. */
  signed: boolean;
}

export interface Draft {
  kind: ConditionType;
  metric: string;
  aggregate: Aggregate;
  window: SpanDraft;
  side: Side;
  /** Of a threshold. */
  value: string;
  /** From a baseline, in percent where `relative`. */
  margin: string;
  relative: boolean;
  baseline: "experiment" | "run" | "model" | "trailing";
  baselineRun: string;
  baselineModel: string;
  baselineAlias: string;
  /** What comes before the window, of changes and trailing baselines. */
  trailing: SpanDraft;
  z: string;
  test: "ks" | "psi";
  limit: string;
  bins: number;
  /** Of silence. */
  silent: SpanDraft;
  consecutive: string;
  recovery: string;
  /** Empty: as often as suits the rule. */
  every: string;
  cooldown: string;
  severity: Severity;
  scope: "experiment" | "run" | "model";
  experiment: string;
  filter: string;
  run: string;
  model: string;
  alias: string;
  name: string;
  targets: TargetDraft[];
}

const MINUTES: Record<Exclude<Unit, "points">, number> = { s: 1 / 60, min: 1, h: 60, d: 1440 };
const DRIFT_WINDOW: SpanDraft = { amount: "200", unit: "points" };
/** Customary limits of the tests. */
export const LIMITS = { ks: "0.01", psi: "0.25" } as const;
/** A drift of fewer points is none. */
const DRIFT_POINTS = 5;

const EMPTY: Draft = {
  kind: "threshold",
  metric: "",
  aggregate: "last",
  window: { amount: "1", unit: "points" },
  side: "above",
  value: "",
  margin: "5",
  relative: true,
  baseline: "experiment",
  baselineRun: "",
  baselineModel: "",
  baselineAlias: "",
  trailing: { amount: "200", unit: "points" },
  z: "4",
  test: "ks",
  limit: LIMITS.ks,
  bins: 10,
  silent: { amount: "10", unit: "min" },
  consecutive: "1",
  recovery: "1",
  every: "",
  cooldown: "5",
  severity: "warning",
  scope: "experiment",
  experiment: "",
  filter: "",
  run: "",
  model: "",
  alias: "",
  name: "",
  targets: [],
};

/** The side on which a metric is worse, as far as its name tells. */
export const worseSide = (metric: string): "above" | "below" => (guessDirection(metric) === "max" ? "below" : "above");

/** A new monitor from what an address gives: `run:<id>`, `experiment:<id>` or `model:<name>@<alias>`, metric and value. */
export function newDraft(scope: string | null, metric: string | null, value: string | null): Draft {
  const draft: Draft = { ...EMPTY, metric: metric ?? "", side: worseSide(metric ?? "") };
  if (value !== null && value.trim() !== "" && Number.isFinite(Number(value))) draft.value = value.trim();
  const colon = scope?.indexOf(":") ?? -1;
  const kind = scope?.slice(0, colon);
  const rest = scope?.slice(colon + 1) ?? "";
  if (kind === "run") return { ...draft, scope: "run", run: rest };
  if (kind === "experiment") return { ...draft, experiment: rest };
  if (kind === "model" && rest.includes("@")) {
    const at = rest.lastIndexOf("@");
    return { ...draft, scope: "model", model: rest.slice(0, at), alias: rest.slice(at + 1) };
  }
  return draft;
}

/** A monitor as the form shows it. */
export function draftOf(monitor: Monitor): Draft {
  const { condition, scope, direction } = monitor;
  return {
    ...EMPTY,
    kind: condition.type,
    metric: monitor.metric,
    aggregate: monitor.aggregate,
    window: spanDraft(monitor.window),
    side: direction === "max" ? "below" : direction === "min" ? "above" : "away",
    ...conditionDraft(condition),
    consecutive: String(monitor.consecutive),
    recovery: String(monitor.recovery),
    every: monitor.every === undefined ? "" : String(monitor.every),
    cooldown: String(monitor.cooldown_minutes),
    severity: monitor.severity,
    ...scopeDraft(scope),
    name: monitor.name,
    targets: monitor.notify.map(({ format, url, signed }) => ({ format, url, signed, secret: "" })),
  };
}

function conditionDraft(condition: Condition): Partial<Draft> {
  switch (condition.type) {
    case "threshold":
      return { value: String(condition.value) };
    case "baseline": {
      const { margin, relative } = condition;
      const shown = relative ? Number((margin * 100).toPrecision(12)) : margin;
      return { margin: String(shown), relative, ...baselineDraft(condition.baseline) };
    }
    case "change":
      return { z: String(condition.z), trailing: spanDraft(condition.trailing) };
    case "drift": {
      const { test, limit, bins } = condition;
      return {
        test,
        limit: limit === undefined ? LIMITS[test] : String(limit),
        bins,
        ...baselineDraft(condition.baseline),
      };
    }
    case "silence":
      return { silent: spanDraft(condition) };
  }
}

function baselineDraft(baseline: Baseline): Partial<Draft> {
  if ("run_id" in baseline) return { baseline: "run", baselineRun: baseline.run_id };
  if ("model" in baseline) {
    return { baseline: "model", baselineModel: baseline.model, baselineAlias: baseline.alias };
  }
  if ("trailing" in baseline) return { baseline: "trailing", trailing: spanDraft(baseline.trailing) };
  return { baseline: "experiment" };
}

function scopeDraft(scope: Scope): Partial<Draft> {
  if ("run_id" in scope) return { scope: "run", run: scope.run_id };
  if ("model" in scope) return { scope: "model", model: scope.model, alias: scope.alias };
  return { scope: "experiment", experiment: scope.experiment_id, filter: scope.filter ?? "" };
}

export function spanDraft(span: Span): SpanDraft {
  if ("points" in span) return { amount: String(span.points), unit: "points" };
  const { minutes } = span;
  const unit = (["d", "h", "min"] as const).find((one) => minutes % MINUTES[one] === 0) ?? (minutes < 1 ? "s" : "min");
  return { amount: String(Number((minutes / MINUTES[unit]).toPrecision(12))), unit };
}

/** Undefined where the amount is no number. */
export function spanOf({ amount, unit }: SpanDraft): Span | undefined {
  const n = numberOf(amount);
  if (n === undefined) return undefined;
  return unit === "points" ? { points: n } : { minutes: Number((n * MINUTES[unit]).toPrecision(12)) };
}

/** Undefined for what is not written as a finite number. */
export function numberOf(text: string): number | undefined {
  const value = Number(text.trim().replace("\u2212", "-"));
  return text.trim() !== "" && Number.isFinite(value) ? value : undefined;
}

/** Another kind of condition; what makes no sense for it is replaced. */
export function withKind(draft: Draft, kind: ConditionType): Draft {
  const next: Draft = { ...draft, kind };
  if (kind === "threshold" && draft.side === "away") next.side = worseSide(draft.metric);
  if (kind === "change" && draft.kind !== "change") next.side = "away";
  if (kind === "baseline" && draft.kind === "change") next.side = worseSide(draft.metric);
  const points = draft.window.unit === "points" ? (numberOf(draft.window.amount) ?? 0) : Number.POSITIVE_INFINITY;
  if (kind === "drift" && points < DRIFT_POINTS) next.window = DRIFT_WINDOW;
  if (draft.kind === "drift" && kind !== "drift" && draft.window === DRIFT_WINDOW) next.window = EMPTY.window;
  return next;
}

/** Why a draft is not yet a rule: the slot to fill. */
export type Gap = keyof Draft;

/** The rule that the slots make, or the slot that lacks something. */
export function ruleOf(draft: Draft): { rule: Omit<PreviewRequest, "scope"> } | { gap: Gap } {
  const condition = conditionOf(draft);
  if (draft.metric.trim() === "") return { gap: "metric" };
  if ("gap" in condition) return condition;
  const window = draft.kind === "silence" ? { points: 1 } : spanOf(draft.window);
  if (!window) return { gap: "window" };
  const numbers: Partial<Record<"consecutive" | "recovery" | "every" | "cooldown", number>> = {};
  for (const name of ["consecutive", "recovery", "every", "cooldown"] as const) {
    if (name === "every" && draft.every.trim() === "") continue;
    const value = numberOf(draft[name]);
    if (value === undefined) return { gap: name };
    numbers[name] = value;
  }
  const { consecutive = 1, recovery = 1, every, cooldown = 5 } = numbers;
  return {
    rule: {
      metric: draft.metric,
      window,
      aggregate: draft.kind === "drift" || draft.kind === "silence" ? "last" : draft.aggregate,
      condition: condition.condition,
      direction: directionOf(draft),
      consecutive,
      recovery,
      cooldown_minutes: cooldown,
      ...(every === undefined ? {} : { every }),
    },
  };
}

function directionOf({ kind, side }: Draft): Rule["direction"] {
  if (kind === "drift" || kind === "silence" || side === "away") return "either";
  return side === "above" ? "min" : "max";
}

function conditionOf(draft: Draft): { condition: Condition } | { gap: Gap } {
  const need = (name: "value" | "margin" | "z" | "limit") => numberOf(draft[name]);
  switch (draft.kind) {
    case "threshold": {
      const value = need("value");
      return value === undefined ? { gap: "value" } : { condition: { type: "threshold", value } };
    }
    case "baseline": {
      const margin = need("margin");
      const baseline = baselineOf(draft);
      if (margin === undefined) return { gap: "margin" };
      if ("gap" in baseline) return baseline;
      const { relative } = draft;
      const share = Number((margin / 100).toPrecision(12));
      return {
        condition: { type: "baseline", baseline: baseline.baseline, margin: relative ? share : margin, relative },
      };
    }
    case "change": {
      const z = need("z");
      const trailing = spanOf(draft.trailing);
      if (z === undefined) return { gap: "z" };
      return trailing ? { condition: { type: "change", z, trailing } } : { gap: "trailing" };
    }
    case "drift": {
      const limit = need("limit");
      const baseline = baselineOf(draft);
      if (limit === undefined) return { gap: "limit" };
      if ("gap" in baseline) return baseline;
      const { test, bins } = draft;
      return { condition: { type: "drift", test, baseline: baseline.baseline, limit, bins } };
    }
    case "silence": {
      const span = spanOf(draft.silent);
      return span && "minutes" in span ? { condition: { type: "silence", ...span } } : { gap: "silent" };
    }
  }
}

function baselineOf(draft: Draft): { baseline: Baseline } | { gap: Gap } {
  switch (draft.baseline) {
    case "experiment":
      return { baseline: { experiment: true } };
    case "run":
      return draft.baselineRun.trim() ? { baseline: { run_id: draft.baselineRun.trim() } } : { gap: "baselineRun" };
    case "model": {
      const { baselineModel: model, baselineAlias: alias } = draft;
      if (!model) return { gap: "baselineModel" };
      return alias ? { baseline: { model, alias } } : { gap: "baselineAlias" };
    }
    case "trailing": {
      const trailing = spanOf(draft.trailing);
      return trailing ? { baseline: { trailing } } : { gap: "trailing" };
    }
  }
}

export function scopeOf(draft: Draft): { scope: Scope } | { gap: Gap } {
  if (draft.scope === "run") return draft.run.trim() ? { scope: { run_id: draft.run.trim() } } : { gap: "run" };
  if (draft.scope === "model") {
    const { model, alias } = draft;
    if (!model) return { gap: "model" };
    return alias ? { scope: { model, alias } } : { gap: "alias" };
  }
  if (!draft.experiment) return { gap: "experiment" };
  const filter = draft.filter.trim();
  return { scope: { experiment_id: draft.experiment, ...(filter ? { filter } : {}) } };
}

/** What the server is sent, or the first slot that lacks something. */
export function inputOf(draft: Draft): { input: MonitorInput } | { gap: Gap } {
  const rule = ruleOf(draft);
  if ("gap" in rule) return rule;
  const scope = scopeOf(draft);
  if ("gap" in scope) return scope;
  const notify = draft.targets.map(
    ({ format, url, secret }): Target => ({ format, url: url.trim(), ...(secret ? { secret } : {}) }),
  );
  const name = draft.name.trim() || suggestedName(draft);
  return { input: { ...rule.rule, ...scope, name, severity: draft.severity, notify } };
}

/** A name in case nobody gives one. */
export function suggestedName(draft: Draft): string {
  const { kind, metric, side, aggregate } = draft;
  if (!metric) return "";
  const what = aggregate === "last" ? metric : `${aggregate} ${metric}`;
  switch (kind) {
    case "threshold":
      return draft.value ? `${what} ${side} ${draft.value}` : what;
    case "baseline":
      return side === "away" ? `${what} off the baseline` : `${what} ${side} the baseline`;
    case "change":
      return `${what} changes`;
    case "drift":
      return `${metric} drifts`;
    case "silence":
      return `${metric} is silent`;
  }
}

/** The parts of the form beside which an error stands. */
export type Part = "rule" | "scope" | "tell" | "name" | "more" | "form";

const PARTS: [Part, RegExp][] = [
  ["more", /^(recovery|every|cooldown_minutes|cooldown)/],
  ["scope", /^(scope|experiment|filter|run|model|alias)/],
  ["tell", /^notify/],
  ["name", /^name/],
  ["rule", /^(metric|window|aggregate|condition|direction|consecutive|severity)/],
];

/** Where on the form a server's refusal belongs: it names the parameter, or speaks of what only one part has. */
export function partOf(message: string): Part {
  const field = /parameter '([^']+)'/.exec(message)?.[1];
  const named = field && PARTS.find(([, pattern]) => pattern.test(field))?.[0];
  if (named) return named;
  if (/^Webhook URL|webhook URL/.test(message)) return "tell";
  if (/^Invalid monitor:/.test(message)) return "rule";
  if (/Experiment|[Rr]un with id|filter|clause|comparison|Column|identifier|expression|Expected/.test(message))
    return "scope";
  return "form";
}

/** Where a slot that lacks something is. */
export function partOfGap(gap: Gap): Part {
  return PARTS.find(([part, pattern]) => part !== "tell" && pattern.test(gap))?.[0] ?? "rule";
}
