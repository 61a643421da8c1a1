/** Pages of a series: of chunks that follow each other, of chunks that don't, and of a log's tail. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { historyPage } from "../../src/metrics/history-page";
import { logOf, makeRun, type Point, packOf, random } from "./helpers";

const next = random(11);

/** Where each observation stands in time is what differs. */
const SERIES: Record<string, (i: number) => Point> = {
  "in step with time": (i) => [i, 1000 + 3 * i, i / 7],
  "at one moment": (i) => [i, 5, i / 7],
  "many a moment": (i) => [i, 1000 + Math.floor(i / 700), i / 7],
  "disordered within blocks": (i) => [i, 1000 + 8 * (i ^ 3), i / 7],
  "disordered across blocks": (i) => [i, 1000 + 8 * (i ^ 1023), i / 7],
  "backwards in time": (i) => [i, 1e9 - i, i / 7],
  "by chance": (i) => [i, Math.floor(next() * 1e6), i / 7],
};

const byTime = (a: Point, b: Point) => a[1] - b[1] || a[0] - b[0] || a[2] - b[2];

describe.each(Object.keys(SERIES))("a series %s", (name) => {
  it.each(["cold", "hot"])("is paged in MLflow's order while its run is %s", async (state) => {
    const run = await makeRun();
    const points = Array.from({ length: 20_000 }, (_, i) => (SERIES[name] as (i: number) => Point)(i));
    for (let i = 0; i < points.length; i += 5000) {
      await logOf(run).append(run, packOf({ m: points.slice(i, i + 5000) }));
      if (i === 10_000) await logOf(run).flush(run);
    }
    if (state === "cold") await logOf(run).flush(run);
    const expected = points.toSorted(byTime);
    for (const [offset, limit] of [
      [0, 25_000],
      [0, 10],
      [8190, 4],
      [8192, 8192],
      [12_345, 6000],
      [19_999, 5],
      [20_000, 5],
      [0, undefined],
    ] as const) {
      const { columns, count } = await historyPage(env, run, "m", offset, limit);
      expect(count).toBe(20_000);
      const got = Array.from(
        columns.values,
        (v, i): Point => [columns.steps[i] as number, columns.timestamps[i] as number, v],
      );
      expect(got, `${offset}+${limit}`).toEqual(expected.slice(offset, offset + (limit ?? 20_000)));
    }
  });
});
