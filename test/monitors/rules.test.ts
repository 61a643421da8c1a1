/** The rules on paper data: windows against naive ones, statistics against known figures, alerts by their transitions. */
import { describe, expect, it } from "vitest";
import type { Columns } from "../../src/metrics/block";
import { type AlertState, Evaluator, pastNeeded, type Transition } from "../../src/monitors/evaluate";
import { AGGREGATES, type Aggregate, type Rule, ruleProblem, type Span, sentence } from "../../src/monitors/monitor";
import {
  ksTwoSample,
  meanAndDeviation,
  populationStability,
  quantile,
  sortedNumbers,
} from "../../src/monitors/statistics";
import { type Point, Window } from "../../src/monitors/window";
import { random } from "../metrics/helpers";

const MINUTE = 60_000;

const rule = (fields: Partial<Rule> = {}): Rule => ({
  metric: "loss",
  window: { points: 1 },
  aggregate: "last",
  condition: { type: "threshold", value: 10 },
  direction: "min",
  consecutive: 1,
  recovery: 1,
  cooldown_minutes: 0,
  ...fields,
});

const points = (values: readonly number[], from = 0, apart = MINUTE): Point[] =>
  values.map((value, i) => ({ step: from + i, timestamp: (from + i) * apart, value }));

const columnsOf = (all: readonly Point[]): Columns => ({
  steps: Float64Array.from(all, (p) => p.step),
  timestamps: Float64Array.from(all, (p) => p.timestamp),
  values: Float64Array.from(all, (p) => p.value),
});

function transitions(evaluator: Evaluator, all: readonly Point[]): Transition[] {
  const found: Transition[] = [];
  evaluator.judge(columnsOf(all), 0, all.length, (transition) => found.push(transition));
  return found;
}

const told = (evaluator: Evaluator, values: readonly number[]): string[] =>
  transitions(evaluator, points(values)).map(({ kind, at }) => `${kind} ${at.step}`);

describe("windows", () => {
  function naive(aggregate: Aggregate, all: readonly Point[], minutes: number | undefined): number {
    const values = all.map((p) => p.value);
    const sorted = sortedNumbers(values);
    if (aggregate === "count") return values.length;
    if (aggregate === "last") return values.at(-1) ?? Number.NaN;
    if (aggregate === "rate") {
      const took = ((all.at(-1)?.timestamp ?? 0) - (all[0]?.timestamp ?? 0)) / MINUTE;
      return minutes ? values.length / minutes : took > 0 ? (values.length - 1) / took : Number.NaN;
    }
    if (values.some(Number.isNaN)) return Number.NaN;
    if (aggregate === "mean") return values.reduce((a, b) => a + b, 0) / values.length;
    if (aggregate === "min") return Math.min(...values);
    if (aggregate === "max") return Math.max(...values);
    return quantile(sorted, aggregate === "p50" ? 0.5 : 0.95);
  }

  for (const aggregate of AGGREGATES) {
    it(`keep the ${aggregate} up to date`, () => {
      const next = random(7);
      const spans: Span[] = [{ points: 7 }, { minutes: 3 }, { points: 1 }, { points: 200 }];
      for (const span of spans) {
        const window = new Window(span, aggregate);
        const all: Point[] = [];
        let timestamp = 0;
        for (let step = 0; step < 500; step++) {
          timestamp += Math.floor(next() * MINUTE);
          const odd = next();
          const value = odd < 0.02 ? Number.NaN : odd < 0.04 ? Number.MAX_VALUE : Math.round(next() * 20);
          all.push({ step, timestamp, value });
          window.push(step, timestamp, value);
          const since = "minutes" in span ? timestamp - span.minutes * MINUTE : Number.NEGATIVE_INFINITY;
          const kept = all.filter((p) => p.timestamp > since).slice("points" in span ? -span.points : 0);
          const want = naive(aggregate, kept, "minutes" in span ? span.minutes : undefined);
          const got = window.value();
          if (Number.isNaN(want)) expect(got).toBeNaN();
          else if (Number.isFinite(want)) expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-9 * Math.abs(want));
          else expect(got).toBe(want);
        }
      }
    });
  }

  it("of points come to hold none where they are late", () => {
    const window = new Window({ minutes: 1 }, "mean");
    const before = new Window({ points: 10 });
    window.push(2, 10 * MINUTE, 1, before);
    window.push(1, 2 * MINUTE, 5, before);
    expect(window.value()).toBe(3);
    window.push(3, 11 * MINUTE, 7, before);
    expect([window.value(), [...before.values()]]).toEqual([7, [1, 5]]);
  });
});

describe("statistics", () => {
  it("test two samples as SciPy does", () => {
    const result = ksTwoSample(Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(3.5, 4.5, 5.5, 6.5, 7.5, 8.5));
    // scipy.stats.ks_2samp([1, 2, 3, 4, 5], [3.5, 4.5, 5.5, 6.5, 7.5, 8.5])
    expect(result.statistic).toBeCloseTo(2 / 3, 12);
    expect(result.pValue).toBeCloseTo(0.10822510822510822, 12);
    expect(ksTwoSample(Float64Array.of(1, 2), Float64Array.of(1, 2))).toMatchObject({ statistic: 0, pValue: 1 });
    expect(ksTwoSample(Float64Array.of(1), Float64Array.of(2)).pValue).toBe(1);
  });

  it("measure how stable a population is", () => {
    const base = sortedNumbers(Array.from({ length: 100 }, (_, i) => i));
    expect(populationStability(base, base)).toBe(0);
    expect(
      populationStability(
        base,
        base.map((x) => x + 50),
      ),
    ).toBeGreaterThan(1);
    expect(populationStability(Float64Array.of(1, 1, 1), Float64Array.of(1, 1))).toBe(0);
  });

  it("know mean and deviation", () => {
    expect(meanAndDeviation([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
  });
});

describe("a threshold", () => {
  it("fires on the worse side, once, and resolves", () => {
    expect(told(new Evaluator(rule()), [9, 10, 11, 12, 9, 11])).toEqual(["fire 2", "resolve 4", "fire 5"]);
    expect(told(new Evaluator(rule({ direction: "max" })), [11, 10, 9, 10])).toEqual(["fire 2", "resolve 3"]);
  });

  it("waits for breaches and recoveries in a row", () => {
    const patient = rule({ consecutive: 3, recovery: 2 });
    expect(told(new Evaluator(patient), [11, 11, 9, 11, 11, 11, 9, 11, 9, 9])).toEqual(["fire 5", "resolve 9"]);
  });

  it("takes a NaN for a breach, in the window as well", () => {
    expect(told(new Evaluator(rule({ direction: "max" })), [11, Number.NaN, 12])).toEqual(["fire 1", "resolve 2"]);
    const mean = rule({ window: { points: 2 }, aggregate: "mean" });
    expect(told(new Evaluator(mean), [1, Number.NaN, 1, 1])).toEqual(["fire 1", "resolve 3"]);
  });

  it("judges a window once it is full", () => {
    expect(told(new Evaluator(rule({ window: { points: 3 }, aggregate: "max" })), [50, 1, 1, 1])).toEqual([
      "fire 2",
      "resolve 3",
    ]);
    expect(told(new Evaluator(rule({ window: { minutes: 3 }, aggregate: "min" })), [50, 60, 70, 80])).toEqual([
      "fire 3",
    ]);
  });

  it("goes on with an alert that fires again soon", () => {
    expect(told(new Evaluator(rule({ cooldown_minutes: 2 })), [11, 9, 11, 9, 9, 9, 11])).toEqual([
      "fire 0",
      "resolve 1",
      "reopen 2",
      "resolve 3",
      "fire 6",
    ]);
  });

  it("shows its evidence", () => {
    const mean = new Evaluator(rule({ window: { points: 2 }, aggregate: "mean" }));
    expect(transitions(mean, points([8, 14]))[0]?.evidence).toEqual({
      value: 11,
      limit: 10,
      window: { points: 2, from_step: 0, to_step: 1, from_timestamp: 0, to_timestamp: MINUTE },
      values: [8, 14],
    });
  });
});

describe("a baseline", () => {
  const baseline = (fields: Partial<Rule>, margin: number, relative = false) =>
    new Evaluator(rule({ condition: { type: "baseline", baseline: { run_id: "b" }, margin, relative }, ...fields }));

  it("is another run, with a margin on the worse side", () => {
    const absolute = baseline({ direction: "max" }, 0.1);
    expect(told(absolute, [0])).toEqual([]);
    absolute.compareWith(columnsOf(points([0.3, 0.8])));
    expect(told(absolute, [0.71, 0.69, 0.9])).toEqual(["fire 1", "resolve 2"]);
    const relative = baseline({ direction: "min" }, 0.1, true);
    relative.compareWith(columnsOf(points([200])));
    expect(told(relative, [219, 221])).toEqual(["fire 1"]);
    const either = baseline({ direction: "either" }, 1);
    either.compareWith(columnsOf(points([5])));
    expect(told(either, [6, 3.9, 5, 6.1])).toEqual(["fire 1", "resolve 2", "fire 3"]);
  });

  it("is what came before the window", () => {
    const trailing = new Evaluator(
      rule({
        condition: { type: "baseline", baseline: { trailing: { points: 3 } }, margin: 1, relative: false },
        window: { points: 2 },
        aggregate: "mean",
      }),
    );
    const [fired] = transitions(trailing, points([1, 1, 1, 1, 1, 5, 5]));
    expect(fired).toMatchObject({ kind: "fire", at: { step: 5 }, evidence: { value: 3, baseline: 1, limit: 2 } });
  });
});

describe("a change", () => {
  it("is measured in deviations of what came before", () => {
    const change = rule({ condition: { type: "change", z: 3, trailing: { points: 4 } }, direction: "either" });
    const [fired] = transitions(new Evaluator(change), points([1, 2, 1, 2, 1.5, 1.4, 9]));
    expect(fired).toMatchObject({ kind: "fire", at: { step: 6 }, evidence: { n: 1, m: 4, baseline: 1.475 } });
    const { mean, deviation } = meanAndDeviation([1, 2, 1.5, 1.4]);
    expect(fired?.evidence.statistic).toBeCloseTo((9 - mean) / deviation, 12);
  });

  it("from a constant is without measure", () => {
    const change = rule({ condition: { type: "change", z: 3, trailing: { points: 3 } } });
    expect(told(new Evaluator(change), [1, 1, 1, 1, 1.1])).toEqual(["fire 4"]);
  });
});

describe("a drift", () => {
  const next = random(3);
  const normal = (mean: number, n: number) =>
    Array.from({ length: n }, () => mean + Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));

  for (const test of ["ks", "psi"] as const) {
    it(`is found by ${test}`, () => {
      const drift = new Evaluator(
        rule({
          condition: { type: "drift", test, baseline: { run_id: "b" }, bins: 5, limit: test === "ks" ? 1e-6 : 0.6 },
          window: { points: 100 },
          direction: "either",
        }),
      );
      drift.compareWith(columnsOf(points(normal(0, 500))));
      const all = points([...normal(0, 300), ...normal(1.5, 200)]);
      const [fired, ...more] = transitions(drift, all);
      expect(more).toEqual([]);
      expect(fired?.kind).toBe("fire");
      expect(fired?.at.step).toBeGreaterThan(300);
      expect(fired?.evidence).toMatchObject({ n: 100, m: 500, statistic: expect.any(Number) });
      if (test === "ks") expect(fired?.evidence.p_value).toBeLessThan(1e-6);
    });
  }
});

describe("a state that was kept", () => {
  it("fires nothing that was judged before", () => {
    const all = points([11, 9, 11, 12, 9]);
    const fresh = transitions(new Evaluator(rule()), all);
    expect(fresh.map((t) => t.kind)).toEqual(["fire", "resolve", "fire", "resolve"]);
    for (const [i, last] of fresh.entries()) {
      const state: AlertState = { isFiring: last.kind === "fire", changedAt: last.at };
      const again = new Evaluator(rule(), state);
      const rest = all.flatMap((point) => {
        if (!again.hasJudged(point.timestamp, point.step)) return transitions(again, [point]);
        again.remember(columnsOf([point]), 0, 1);
        return [];
      });
      expect(rest).toEqual(fresh.slice(i + 1));
    }
  });

  it("ends when somebody says so", () => {
    const evaluator = new Evaluator(rule(), { isFiring: true, changedAt: { timestamp: 0, step: 0 } });
    evaluator.end({ timestamp: MINUTE, step: 1 });
    expect(evaluator.isFiring).toBe(false);
    expect(told(evaluator, [11])).toEqual(["fire 0"]);
  });
});

describe("rules", () => {
  it("say what they mean", () => {
    expect(sentence(rule({ consecutive: 3, aggregate: "p95", window: { minutes: 5 } }))).toBe(
      "p95 of loss over 5 min is above 10, 3 times in a row",
    );
    const condition = { type: "baseline", baseline: { experiment: true }, margin: 0.05, relative: true } as const;
    expect(sentence(rule({ direction: "max", condition }))).toBe(
      "loss is more than 5 % below the experiment's baseline",
    );
    expect(sentence(rule({ condition: { type: "silence", minutes: 120 } }))).toBe("loss has no point for 2 h");
  });

  it("that make no sense are refused", () => {
    expect(ruleProblem(rule())).toBeUndefined();
    expect(ruleProblem(rule({ direction: "either" }))).toContain("direction");
  });

  it("know how much of the past they need", () => {
    expect(pastNeeded(rule())).toBe(0);
    expect(pastNeeded(rule({ consecutive: 3 }))).toBe(4);
    expect(pastNeeded(rule({ condition: { type: "change", z: 1, trailing: { points: 100 } } }))).toBe(102);
  });
});
