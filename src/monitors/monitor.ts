/** What a monitor is: the shape that the API takes, that is stored, and that the rules are made of. Pure. */
import * as v from "valibot";
import { MAX_KEY_LENGTH } from "../limits";
import { integer, text } from "../wire/schemas";

/** Points a window, a trailing window or a baseline's sample holds at most: the newest ones count. */
export const MAX_WINDOW_POINTS = 10_000;
const MAX_MINUTES = 7 * 24 * 60;
const MAX_STREAK = 1000;
const MAX_TARGETS = 10;

const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(finite, v.gtValue(0));

const POINTS = v.object({ points: integer(1, MAX_WINDOW_POINTS) });
const MINUTES = v.object({ minutes: v.pipe(positive, v.maxValue(MAX_MINUTES)) });
/** The last so many points, or those of the last minutes before the newest. */
const SPAN = v.union([POINTS, MINUTES]);

const MODEL = v.object({ model: text, alias: text });

export const SCOPE = v.union([
  v.object({ experiment_id: text, filter: v.optional(v.pipe(v.string(), v.maxLength(6000))) }),
  v.object({ run_id: text }),
  MODEL,
]);

/** What is compared with: a run, the run behind an alias, the experiment's baseline, or what came before the window. */
const BASELINE = v.union([
  v.object({ run_id: text }),
  MODEL,
  v.object({ experiment: v.literal(true) }),
  v.object({ trailing: SPAN }),
]);

export const CONDITION = v.variant("type", [
  v.object({ type: v.literal("threshold"), value: finite }),
  v.object({
    type: v.literal("baseline"),
    baseline: BASELINE,
    margin: v.pipe(finite, v.minValue(0)),
    relative: v.optional(v.boolean(), false),
  }),
  v.object({ type: v.literal("change"), z: positive, trailing: SPAN }),
  v.object({
    type: v.literal("drift"),
    test: v.picklist(["ks", "psi"]),
    baseline: BASELINE,
    /** The p-value below which (ks), or the index above which (psi) there is drift. */
    limit: v.optional(positive),
    bins: v.optional(integer(2, 100), 10),
  }),
  v.object({ type: v.literal("silence"), minutes: v.pipe(positive, v.maxValue(MAX_MINUTES)) }),
]);

export const AGGREGATES = ["last", "mean", "min", "max", "p50", "p95", "count", "rate"] as const;
export const SEVERITIES = ["info", "warning", "critical"] as const;

export const TARGET = v.object({
  format: v.optional(v.picklist(["json", "slack", "discord"]), "json"),
  url: v.pipe(text, v.maxLength(2000)),
  secret: v.optional(v.pipe(text, v.maxLength(500))),
});

/** The rule alone: what the evaluation looks at. */
export const RULE_FIELDS = {
  metric: v.pipe(text, v.maxLength(MAX_KEY_LENGTH)),
  window: v.optional(SPAN, { points: 1 }),
  aggregate: v.optional(v.picklist(AGGREGATES), "last"),
  condition: CONDITION,
  /** Which way is better: a breach lies on the other side. */
  direction: v.optional(v.picklist(["max", "min", "either"])),
  /** Breaches in a row before it fires, and the others in a row before it resolves. */
  consecutive: v.optional(integer(1, MAX_STREAK), 1),
  recovery: v.optional(integer(1, MAX_STREAK), 1),
  /** Points from one evaluation to the next. */
  every: v.optional(integer(1, MAX_WINDOW_POINTS)),
  /** An alert that fires again within so many minutes of its end goes on as the same alert. */
  cooldown_minutes: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(MAX_MINUTES)), 5),
} as const;

export const MONITOR_FIELDS = {
  name: v.optional(v.pipe(v.string(), v.maxLength(200)), ""),
  scope: SCOPE,
  ...RULE_FIELDS,
  severity: v.optional(v.picklist(SEVERITIES), "warning"),
  enabled: v.optional(v.boolean(), true),
  /** ms since 1970: alerts before it are recorded and told nobody. */
  muted_until: v.optional(v.pipe(v.number(), v.integer())),
  notify: v.optional(v.pipe(v.array(TARGET), v.maxLength(MAX_TARGETS)), []),
} as const;

const RULE = v.object(RULE_FIELDS);

export type Span = v.InferOutput<typeof SPAN>;
export type Scope = v.InferOutput<typeof SCOPE>;
export type Baseline = v.InferOutput<typeof BASELINE>;
export type Condition = v.InferOutput<typeof CONDITION>;
export type Aggregate = (typeof AGGREGATES)[number];
export type Severity = (typeof SEVERITIES)[number];
export type Rule = Omit<v.InferOutput<typeof RULE>, "direction"> & { direction: "max" | "min" | "either" };
export type Target = v.InferOutput<typeof TARGET>;

/** Where a monitor belongs, as one text that the database looks up. */
export function scopeKey(scope: Scope): string {
  if ("run_id" in scope) return `r:${scope.run_id}`;
  if ("model" in scope) return `m:${scope.model}@${scope.alias}`;
  return `e:${scope.experiment_id}`;
}

/** The baseline that is another run, if the condition has one. */
export function otherRun(condition: Condition): Exclude<Baseline, { trailing: Span }> | undefined {
  if (condition.type !== "baseline" && condition.type !== "drift") return undefined;
  return "trailing" in condition.baseline ? undefined : condition.baseline;
}

/** The span before the window that a condition looks at, if it does. */
export function trailingOf(condition: Condition): Span | undefined {
  if (condition.type === "change") return condition.trailing;
  if (condition.type !== "baseline" && condition.type !== "drift") return undefined;
  return "trailing" in condition.baseline ? condition.baseline.trailing : undefined;
}

/** Why a rule makes no sense, if so. */
export function ruleProblem(rule: Rule): string | undefined {
  const { condition, direction, aggregate, window } = rule;
  if (direction === "either" && condition.type === "threshold") {
    return "direction must be 'max' or 'min' for a threshold: it says which side of it is better";
  }
  if (condition.type === "drift" && "points" in window && window.points < 5) {
    return "a drift needs a window of at least 5 points";
  }
  if (condition.type === "change" && "points" in condition.trailing && condition.trailing.points < 3) {
    return "a change needs a trailing window of at least 3 points";
  }
  if (condition.type === "baseline" && otherRun(condition) && (aggregate === "count" || aggregate === "rate")) {
    return "count and rate compare with a trailing window, not with another run";
  }
  return undefined;
}

const spanText = (span: Span): string => {
  if ("minutes" in span) return span.minutes % 60 === 0 ? `${span.minutes / 60} h` : `${span.minutes} min`;
  return span.points === 1 ? "1 point" : `${span.points} points`;
};

function baselineText(baseline: Baseline): string {
  if ("run_id" in baseline) return `run ${baseline.run_id}`;
  if ("model" in baseline) return `models:/${baseline.model}@${baseline.alias}`;
  if ("trailing" in baseline) return `the ${spanText(baseline.trailing)} before`;
  return "the experiment's baseline";
}

/** The rule as a sentence: `p95 of latency_ms over 5 min is above 200, 3 times in a row`. */
export function sentence(rule: Rule): string {
  const { condition, metric, aggregate, window, consecutive, direction } = rule;
  if (condition.type === "silence") return `${metric} has no point for ${spanText(condition)}`;
  const single = "points" in window && window.points === 1;
  const over = single ? "" : ` over ${spanText(window)}`;
  const of = aggregate === "last" ? `${metric}` : `${aggregate} of ${metric}${over}`;
  const side = direction === "max" ? "below" : direction === "min" ? "above" : "away from";
  const times = consecutive > 1 ? `, ${consecutive} times in a row` : "";
  switch (condition.type) {
    case "threshold":
      return `${of} is ${side} ${condition.value}${times}`;
    case "baseline": {
      const margin = condition.relative ? `${Number((condition.margin * 100).toPrecision(6))} %` : condition.margin;
      return `${of} is more than ${margin} ${side} ${baselineText(condition.baseline)}${times}`;
    }
    case "change":
      return `${of} is more than ${condition.z} deviations ${side} the ${spanText(condition.trailing)} before${times}`;
    case "drift": {
      const test = condition.test === "ks" ? "p below" : "PSI above";
      return `${metric}${over} drifts from ${baselineText(condition.baseline)} (${test} ${driftLimit(condition)})${times}`;
    }
  }
}

/** Customary limits where none is given. */
export const driftLimit = (condition: Extract<Condition, { type: "drift" }>): number =>
  condition.limit ?? (condition.test === "ks" ? 0.01 : 0.25);
