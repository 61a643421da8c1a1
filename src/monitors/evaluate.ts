/**
 * One monitor on one run, fed with what comes: tells when an alert fires, resolves or goes on. The same whether points
 * arrive live, are replayed after the object was evicted, or come from history for a preview. Pure.
 */
import type { Columns } from "../metrics/block";
import { type Condition, driftLimit, MAX_WINDOW_POINTS, type Rule, trailingOf } from "./monitor";
import { ksTwoSample, meanAndDeviation, populationStability, sortedNumbers } from "./statistics";
import { type Point, Window } from "./window";

/** Values of evidence at most: the newest of the window. */
const SHOWN_VALUES = 50;
/** Values that a change is measured against at most. */
const MAX_TRAILING = 1000;
/** A window that drifts is tested this many times while it is filled anew. */
const TESTS_A_WINDOW = 10;
/** Samples a test needs at least. */
const MIN_SAMPLE = 5;
const MINUTE = 60_000;

/** What a breach or its end looks like; numbers that JSON lacks are made texts where it is written. */
export interface Evidence {
  /** The window's aggregate. */
  value: number;
  /** What the value may not pass, or the limit of the statistic. */
  limit: number;
  /** The baseline's aggregate, or the mean that a change is measured against. */
  baseline?: number;
  statistic?: number;
  p_value?: number;
  /** Sizes of the two samples: of the window, of the baseline. */
  n?: number;
  m?: number;
  window: { points: number; from_step: number; to_step: number; from_timestamp: number; to_timestamp: number };
  /** The newest values of the window. */
  values: number[];
}

/** How a window stands: evidence without the window itself. */
export type Standing = Omit<Evidence, "window" | "values">;

export interface Transition {
  kind: "fire" | "resolve" | "reopen";
  /** The point that caused it. */
  at: Point;
  evidence: Evidence;
}

/** What is remembered of the alert of a monitor on a run. */
export interface AlertState {
  isFiring: boolean;
  /** The point of the last transition: what came up to it has been judged. */
  changedAt: Pick<Point, "timestamp" | "step">;
}

/** One look at the window. */
interface Verdict extends Standing {
  isBreach: boolean;
}

export class Evaluator {
  readonly #rule: Rule;
  readonly #every: number;
  readonly #window: Window;
  readonly #trailing: Window | undefined;
  /** The values of another run that are compared with, sorted, and their aggregate. */
  #other: { sorted: Float64Array; value: number } | undefined;
  #alert: AlertState | undefined;
  #streak = 0;
  #recovered = 0;
  #untilNext = 0;

  constructor(rule: Rule, alert?: AlertState) {
    this.#rule = rule;
    this.#every = rule.every ?? defaultEvery(rule);
    this.#window = new Window(rule.window, rule.aggregate);
    const trailing = trailingOf(rule.condition);
    this.#trailing = trailing && new Window(trailing, rule.aggregate);
    this.#alert = alert;
  }

  get isFiring(): boolean {
    return this.#alert?.isFiring ?? false;
  }

  /** The newest aggregate, what it may not pass at the moment (NaN where that is not known), and what was compared. */
  get now(): Standing {
    const verdict = this.#look();
    if (!verdict) return { value: this.#window.value(), limit: Number.NaN };
    const { isBreach: _, ...standing } = verdict;
    return standing;
  }

  /** The values of the run that is compared with, in order of time; the rule's window is taken at their end. */
  compareWith(points: Columns | undefined): void {
    this.#other = undefined;
    if (!points || points.values.length === 0) return;
    const { steps, timestamps, values } = points;
    const window = new Window(this.#rule.window, this.#rule.aggregate);
    for (let i = 0; i < values.length; i++) {
      window.push(steps[i] as number, timestamps[i] as number, values[i] as number);
    }
    this.#other = { sorted: sortedNumbers(values.slice(-MAX_WINDOW_POINTS)), value: window.value() };
  }

  /** The alert was ended by no point, at a time and step that count as judged. */
  end(changedAt: AlertState["changedAt"]): void {
    this.#alert = { isFiring: false, changedAt };
    this.#streak = 0;
  }

  /** Whether a point lies before the last transition, which then was after it. */
  hasJudged(timestamp: number, step: number): boolean {
    const last = this.#alert?.changedAt;
    return last !== undefined && (timestamp < last.timestamp || (timestamp === last.timestamp && step <= last.step));
  }

  /** Fills the windows with points [from, to) of columns, which were judged before or never will be. */
  remember({ steps, timestamps, values }: Columns, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#take(steps[i] as number, timestamps[i] as number, values[i] as number);
  }

  /** Takes points [from, to) of columns and judges each; tells of those that change the alert. */
  judge({ steps, timestamps, values }: Columns, from: number, to: number, tell: (found: Transition) => void): void {
    for (let i = from; i < to; i++) {
      const step = steps[i] as number;
      const timestamp = timestamps[i] as number;
      const value = values[i] as number;
      this.#take(step, timestamp, value);
      if (--this.#untilNext > 0) continue;
      const isBreach = this.#isBreach();
      if (isBreach === undefined) continue;
      this.#untilNext = this.#every;
      const kind = isBreach ? this.#breach(timestamp) : this.#recover();
      const verdict = kind && this.#look();
      if (!verdict) continue;
      const at = { step, timestamp, value };
      this.#alert = { isFiring: kind !== "resolve", changedAt: at };
      tell({ kind, at, evidence: this.#evidence(verdict) });
    }
  }

  #take(step: number, timestamp: number, value: number): void {
    this.#window.push(step, timestamp, value, this.#trailing);
    // What is before the window moves on with it.
    this.#trailing?.moveTo(this.#window.since);
  }

  #breach(timestamp: number): "fire" | "reopen" | undefined {
    this.#recovered = 0;
    this.#streak++;
    if (this.isFiring || this.#streak < this.#rule.consecutive) return undefined;
    const last = this.#alert;
    // A point may be older than the end: of a clock that is slow, or of an end that was none's doing.
    const since = last && Math.max(0, timestamp - last.changedAt.timestamp);
    const isSoon = since !== undefined && since < this.#rule.cooldown_minutes * MINUTE;
    return isSoon ? "reopen" : "fire";
  }

  #recover(): "resolve" | undefined {
    this.#streak = 0;
    if (!this.isFiring || ++this.#recovered < this.#rule.recovery) return undefined;
    this.#recovered = 0;
    return "resolve";
  }

  /** Undefined where there is not yet enough to judge by. The commonest rule is judged without making anything. */
  #isBreach(): boolean | undefined {
    const { condition } = this.#rule;
    if (condition.type !== "threshold") return this.#look()?.isBreach;
    return this.#window.isFull ? this.#isBeyond(this.#window.value(), condition.value) : undefined;
  }

  /** The same with what it is judged by. */
  #look(): Verdict | undefined {
    if (!this.#window.isFull) return undefined;
    const { condition } = this.#rule;
    switch (condition.type) {
      case "threshold":
        return this.#compared(this.#window.value(), condition.value);
      case "baseline":
        return this.#againstBaseline(condition);
      case "change":
        return this.#change(condition);
      case "drift":
        return this.#drift(condition);
      case "silence":
        return undefined;
    }
  }

  /** A NaN is as bad as can be. */
  #isBeyond(value: number, limit: number): boolean {
    return Number.isNaN(value) || (this.#rule.direction === "max" ? value < limit : value > limit);
  }

  #compared(value: number, limit: number, baseline?: number): Verdict {
    const isBreach = this.#isBeyond(value, limit);
    return baseline === undefined ? { isBreach, value, limit } : { isBreach, value, limit, baseline };
  }

  #againstBaseline({ margin, relative }: Extract<Condition, { type: "baseline" }>): Verdict | undefined {
    const baseline = this.#trailing ? this.#trailingValue() : this.#other?.value;
    if (baseline === undefined || Number.isNaN(baseline)) return undefined;
    const room = relative ? Math.abs(baseline) * margin : margin;
    const value = this.#window.value();
    if (this.#rule.direction === "max") return this.#compared(value, baseline - room, baseline);
    if (this.#rule.direction === "min") return this.#compared(value, baseline + room, baseline);
    const isBreach = Number.isNaN(value) || Math.abs(value - baseline) > room;
    const limit = value < baseline ? baseline - room : baseline + room;
    return { isBreach, value, limit, baseline };
  }

  #trailingValue(): number | undefined {
    return this.#trailing?.isFull ? this.#trailing.value() : undefined;
  }

  #change({ z }: Extract<Condition, { type: "change" }>): Verdict | undefined {
    if (!this.#trailing?.isFull) return undefined;
    const before = this.#trailing.numbers(MAX_TRAILING);
    if (before.length < 3) return undefined;
    const { mean, deviation } = meanAndDeviation(before);
    const value = this.#window.value();
    const score = value === mean ? 0 : (value - mean) / deviation;
    const { direction } = this.#rule;
    const away = direction === "max" ? -score : direction === "min" ? score : Math.abs(score);
    const isLow = direction === "max" || (direction === "either" && score < 0);
    return {
      isBreach: Number.isNaN(value) || away > z,
      value,
      limit: mean + (isLow ? -z : z) * deviation,
      baseline: mean,
      statistic: score,
      n: this.#window.length,
      m: before.length,
    };
  }

  #drift(condition: Extract<Condition, { type: "drift" }>): Verdict | undefined {
    const before = this.#trailing ? this.#trailingSample() : this.#other?.sorted;
    const sample = sortedNumbers(this.#window.numbers());
    if (!before || before.length < MIN_SAMPLE || sample.length < MIN_SAMPLE) return undefined;
    const limit = driftLimit(condition);
    const sizes = { n: sample.length, m: before.length };
    const value = this.#window.value();
    if (condition.test === "psi") {
      const statistic = populationStability(before, sample, condition.bins);
      return { isBreach: statistic > limit, value, limit, statistic, ...sizes };
    }
    const { statistic, pValue } = ksTwoSample(sample, before);
    return { isBreach: pValue < limit, value, limit, statistic, p_value: pValue, ...sizes };
  }

  #trailingSample(): Float64Array | undefined {
    return this.#trailing?.isFull ? sortedNumbers(this.#trailing.numbers()) : undefined;
  }

  #evidence({ isBreach: _, ...standing }: Verdict): Evidence {
    const [first, last] = [this.#window.oldest, this.#window.newest];
    return {
      ...standing,
      window: {
        points: this.#window.length,
        from_step: first?.step ?? 0,
        to_step: last?.step ?? 0,
        from_timestamp: first?.timestamp ?? 0,
        to_timestamp: last?.timestamp ?? 0,
      },
      values: [...this.#window.values(SHOWN_VALUES)],
    };
  }
}

function defaultEvery({ condition, window }: Rule): number {
  if (condition.type !== "drift") return 1;
  return "points" in window ? Math.max(1, Math.floor(window.points / TESTS_A_WINDOW)) : TESTS_A_WINDOW;
}

/** Points of a run's past that fill a rule's windows and its streaks at most; 0 where it needs none. */
export function pastNeeded(rule: Rule): number {
  const size = (span: { points: number } | { minutes: number }) => ("points" in span ? span.points : MAX_WINDOW_POINTS);
  const trailing = trailingOf(rule.condition);
  const streak = Math.max(rule.consecutive, rule.recovery) * (rule.every ?? defaultEvery(rule));
  const all = size(rule.window) + (trailing ? size(trailing) : 0) + streak;
  return all <= 2 ? 0 : Math.min(all, 2 * MAX_WINDOW_POINTS);
}
