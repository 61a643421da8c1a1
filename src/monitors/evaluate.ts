/**
 * One monitor on one run, fed point by point: tells when an alert fires, resolves or goes on. The same whether points
 * arrive live, are replayed after the object was evicted, or come from history for a preview. Pure.
 */
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
interface Verdict {
  isBreach: boolean;
  evidence: () => Evidence;
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
    const evidence = this.#judge()?.evidence();
    if (!evidence) return { value: this.#window.value(), limit: Number.NaN };
    const { window: _, values: __, ...standing } = evidence;
    return standing;
  }

  /** The values of the run that is compared with; the rule's window is taken at their end. */
  compareWith(points: readonly Point[] | undefined): void {
    this.#other = undefined;
    if (!points || points.length === 0) return;
    const window = new Window(this.#rule.window, this.#rule.aggregate);
    for (const point of points) window.push(point);
    const kept = points.slice(-MAX_WINDOW_POINTS);
    this.#other = { sorted: sortedNumbers(kept.map((p) => p.value)), value: window.value() };
  }

  /** Somebody ended the alert. */
  forget(): void {
    if (this.#alert) this.#alert = { ...this.#alert, isFiring: false };
    this.#streak = 0;
  }

  /** Fills the windows with a point that was judged before. */
  remember(point: Point): void {
    this.#take(point);
  }

  /** Whether a point lies before the last transition, which then was after it. */
  hasJudged({ timestamp, step }: Point): boolean {
    const last = this.#alert?.changedAt;
    return last !== undefined && (timestamp < last.timestamp || (timestamp === last.timestamp && step <= last.step));
  }

  /** Takes a point and judges it. */
  push(point: Point): Transition | undefined {
    this.#take(point);
    if (--this.#untilNext > 0) return undefined;
    const verdict = this.#judge();
    if (!verdict) return undefined;
    this.#untilNext = this.#every;
    return verdict.isBreach ? this.#breach(point, verdict) : this.#recover(point, verdict);
  }

  #take(point: Point): void {
    const trailing = this.#trailing;
    this.#window.push(point, trailing && ((old) => trailing.push(old)));
    // What is before the window moves on with it.
    const oldest = this.#window.oldest;
    if (trailing && oldest) trailing.moveTo(oldest.timestamp);
  }

  #breach(point: Point, { evidence }: Verdict): Transition | undefined {
    this.#recovered = 0;
    this.#streak++;
    if (this.isFiring || this.#streak < this.#rule.consecutive) return undefined;
    const last = this.#alert;
    const isSoon = last && point.timestamp - last.changedAt.timestamp < this.#rule.cooldown_minutes * MINUTE;
    this.#alert = { isFiring: true, changedAt: point };
    return { kind: isSoon ? "reopen" : "fire", at: point, evidence: evidence() };
  }

  #recover(point: Point, { evidence }: Verdict): Transition | undefined {
    this.#streak = 0;
    if (!this.isFiring || ++this.#recovered < this.#rule.recovery) return undefined;
    this.#recovered = 0;
    this.#alert = { isFiring: false, changedAt: point };
    return { kind: "resolve", at: point, evidence: evidence() };
  }

  /** Undefined where there is not yet enough to judge by. */
  #judge(): Verdict | undefined {
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
  #compared(value: number, limit: number, baseline?: number): Verdict {
    const isBreach = Number.isNaN(value) || (this.#rule.direction === "max" ? value < limit : value > limit);
    return { isBreach, evidence: () => this.#evidence({ value, limit, baseline }) };
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
    return { isBreach, evidence: () => this.#evidence({ value, limit, baseline }) };
  }

  #trailingValue(): number | undefined {
    return this.#trailing?.isFull ? this.#trailing.value() : undefined;
  }

  #change({ z }: Extract<Condition, { type: "change" }>): Verdict | undefined {
    if (!this.#trailing?.isFull) return undefined;
    const before = this.#trailing.points(MAX_TRAILING).flatMap((p) => (Number.isNaN(p.value) ? [] : [p.value]));
    if (before.length < 3) return undefined;
    const { mean, deviation } = meanAndDeviation(before);
    const value = this.#window.value();
    const score = value === mean ? 0 : (value - mean) / deviation;
    const { direction } = this.#rule;
    const away = direction === "max" ? -score : direction === "min" ? score : Math.abs(score);
    return {
      isBreach: Number.isNaN(value) || away > z,
      evidence: () =>
        this.#evidence({
          value,
          limit: mean + (direction === "max" || (direction === "either" && score < 0) ? -z : z) * deviation,
          baseline: mean,
          statistic: score,
          n: this.#window.length,
          m: before.length,
        }),
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
      return { isBreach: statistic > limit, evidence: () => this.#evidence({ value, limit, statistic, ...sizes }) };
    }
    const { statistic, pValue } = ksTwoSample(sample, before);
    return {
      isBreach: pValue < limit,
      evidence: () => this.#evidence({ value, limit, statistic, p_value: pValue, ...sizes }),
    };
  }

  #trailingSample(): Float64Array | undefined {
    return this.#trailing?.isFull ? sortedNumbers(this.#trailing.numbers()) : undefined;
  }

  #evidence({ baseline, ...known }: Omit<Evidence, "window" | "values">): Evidence {
    const [first, last] = [this.#window.oldest, this.#window.newest];
    return {
      ...known,
      ...(baseline === undefined ? {} : { baseline }),
      window: {
        points: this.#window.length,
        from_step: first?.step ?? 0,
        to_step: last?.step ?? 0,
        from_timestamp: first?.timestamp ?? 0,
        to_timestamp: last?.timestamp ?? 0,
      },
      values: this.#window.points(SHOWN_VALUES).map((p) => p.value),
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
