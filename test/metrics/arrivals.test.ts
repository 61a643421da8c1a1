/** What follows a log sees everything that arrives once, whatever is published meanwhile. */
import { expect, it } from "vitest";
import { Arrivals } from "../../src/metrics/arrivals";
import { Series } from "../../src/metrics/series";
import { Unpublished } from "../../src/metrics/unpublished";
import { packOf, random } from "./helpers";

const seen = (arrivals: Arrivals): Record<string, number[]> =>
  Object.fromEntries(Array.from(arrivals.take(), ([key, parts]) => [key, parts.flatMap(({ values }) => [...values])]));

it("hands on what arrives of the keys that are followed, once", () => {
  const log = new Unpublished();
  log.add(packOf({ a: [[0, 0, 1]], b: [[0, 0, 2]] }));
  log.arrivals.follow(["a", "c"]);
  expect(seen(log.arrivals)).toEqual({});
  log.add(packOf({ a: [[1, 1, 3]], b: [[1, 1, 4]] }));
  log.add(packOf({ c: [[1, 1, 5]], a: [[1, 1, 3]] }));
  expect(seen(log.arrivals)).toEqual({ a: [3], c: [5] });
  expect(seen(log.arrivals)).toEqual({});
});

it("keeps what the log publishes, and views of it stay as they are", () => {
  const next = random(11);
  const log = new Unpublished();
  log.arrivals.follow(["a"]);
  const added: number[] = [];
  const got: number[] = [];
  const views: Float64Array[] = [];
  for (let step = 0; step < 3000; step++) {
    log.add(packOf({ a: [[step, step, step]] }));
    added.push(step);
    const chance = next();
    if (chance < 0.01) log.drop(log.cut(step, next() < 0.5).inFlight);
    else if (chance < 0.012) log.clear();
    else if (chance < 0.05) views.push(...(log.arrivals.take().get("a") ?? []).map(({ values }) => values));
  }
  views.push(...(log.arrivals.take().get("a") ?? []).map(({ values }) => values));
  for (const view of views) got.push(...view);
  expect(got).toEqual(added);
});

it("keeps a bounded number of those", () => {
  const series = new Map<string, Series>();
  const arrivals = new Arrivals(series);
  arrivals.follow(["a"]);
  for (let turn = 0; turn < 30; turn++) {
    const one = new Series();
    series.set("a", one);
    for (let i = 0; i < 10_000; i++) one.add(i, turn, i);
    arrivals.across(() => series.delete("a"));
  }
  const kept = (arrivals.take().get("a") ?? []).reduce((n, { values }) => n + values.length, 0);
  expect(kept).toBe(200_000);
});
