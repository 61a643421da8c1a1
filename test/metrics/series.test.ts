/** Thinned series against a naive thinning of the whole history. */
import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { compareValues } from "../../src/metrics/observation";
import { decodeSeries, type SeriesX, type ThinSeries } from "../../src/metrics/series-format";
import { historyOf, logOf, makeRun, newId, type Point, packOf, random } from "./helpers";

const URL_OF_SERIES = "http://x/api/2.0/tidemark/metrics/series";

interface Asked {
  run_id: string[];
  key: string[];
  x?: SeriesX;
  from?: number;
  to?: number;
  buckets?: number;
  smoothing?: number;
  format?: string;
}

function query(asked: Asked): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return `${URL_OF_SERIES}?${search}`;
}

async function ask(asked: Asked): Promise<ThinSeries[]> {
  const answer = await SELF.fetch(query(asked));
  expect(answer.status).toBe(200);
  return decodeSeries(await answer.arrayBuffer()).series;
}

const byStep = (a: Point, b: Point) => a[0] - b[0] || a[1] - b[1] || compareValues(a[2], b[2]);
const byTime = (a: Point, b: Point) => a[1] - b[1] || a[0] - b[0] || compareValues(a[2], b[2]);

/** What the whole history says of one series of an answer. */
function check(series: ThinSeries | undefined, all: readonly Point[], asked: Asked, origin = 0): void {
  const { x = "step", from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, buckets = 600 } = asked;
  const xOf = (p: Point) => (x === "step" ? p[0] : p[1] - origin);
  const sorted = [...all].sort(x === "step" ? byStep : byTime);
  const averages = asked.smoothing === undefined ? undefined : averagesOf(sorted, asked.smoothing);
  const wanted = sorted
    .map((p, i) => ({ p, average: averages?.[i] }))
    .filter(({ p }) => xOf(p) >= from && xOf(p) <= to);
  if (wanted.length === 0) {
    expect(series).toBeUndefined();
    return;
  }
  if (!series) throw new Error("the series is missing");
  expect(series.points).toBe(wanted.length);
  expect(series.rows).toBeLessThanOrEqual(buckets);
  expect(series.exact).toBe(wanted.length <= buckets);
  if (series.exact) expect(series.rows).toBe(wanted.length);
  let at = 0;
  let nans = 0;
  const expected: unknown[] = [];
  const got: unknown[] = [];
  for (let row = 0; row < series.rows; row++) {
    const own = wanted.slice(at, at + (series.counts[row] as number));
    at += own.length;
    const numbers = own.map(({ p }) => p[2]).filter((value) => !Number.isNaN(value));
    nans += own.length - numbers.length;
    const last = own.at(-1);
    expected.push([
      last && xOf(last.p),
      numbers.at(-1) ?? Number.NaN,
      numbers.length ? Math.min(...numbers) : Number.NaN,
      numbers.length ? Math.max(...numbers) : Number.NaN,
      own.length - numbers.length,
    ]);
    got.push([series.x[row], series.last[row], series.min[row], series.max[row], series.nanCounts[row]]);
    if (averages) {
      expected.push([last?.average].map(round));
      got.push([series.smoothed?.[row]].map(round));
    }
  }
  expect(at).toBe(wanted.length);
  expect(series.nans).toBe(nans);
  expect(got).toEqual(expected);
}

const round = (value = Number.NaN): string => value.toPrecision(9);

function averagesOf(points: readonly Point[], weight: number): number[] {
  let l = 0;
  let n = 0;
  return points.map(([, , y]) => {
    if (Math.abs(y) < Number.MAX_VALUE) {
      l = l * weight + (1 - weight) * y;
      n++;
    }
    return n === 0 ? Number.NaN : l / (1 - weight ** n);
  });
}

/** Rows that a grid of equal buckets would give come near to those that come. */
const isFine = (series: ThinSeries | undefined, buckets: number) => (series?.rows ?? 0) >= buckets * 0.45;

async function log(run: string, points: Record<string, Point[]>, publish: boolean): Promise<void> {
  for (const [key, all] of Object.entries(points)) {
    for (let i = 0; i < all.length; i += 20_000) {
      expect(await logOf(run).append(run, packOf({ [key]: all.slice(i, i + 20_000) }))).toMatchObject({ ok: true });
    }
  }
  if (publish) await logOf(run).flush(run);
}

const next = random(7);
const value = (): number => {
  const r = next();
  if (r < 0.01) return Number.NaN;
  if (r < 0.012) return Number.MAX_VALUE;
  return Math.fround(Math.exp(-next()) + r);
};
const T = 1_790_000_000_000;
const walk = (n: number, from = 0): Point[] =>
  Array.from({ length: n }, (_, i): Point => [from + i, T + (from + i) * 250 + Math.floor(next() * 100), value()]);

describe("thinned series", () => {
  const model = new Map<string, Record<string, Point[]>>();
  const runs: Record<"long" | "hot" | "late" | "short" | "backwards" | "same", string> = {
    long: newId(),
    hot: newId(),
    late: newId(),
    short: newId(),
    backwards: newId(),
    same: newId(),
  };
  const all = Object.values(runs);

  beforeAll(async () => {
    for (const run of all) await makeRun(run);
    const write = async (run: string, points: Record<string, Point[]>, publish: boolean) => {
      const own = model.get(run) ?? {};
      for (const [key, list] of Object.entries(points)) {
        const known = new Map([...(own[key] ?? []), ...list].map((p) => [p.join(), p]));
        own[key] = [...known.values()];
      }
      model.set(run, own);
      await log(run, points, publish);
    };
    await write(runs.long, { m: walk(45_000), other: walk(700) }, true);
    await write(runs.long, { m: walk(5_000, 45_000) }, true);
    await write(runs.hot, { m: walk(30_000) }, true);
    await write(runs.hot, { m: walk(900, 29_500), fresh: walk(40) }, false);
    const shuffled = walk(20_000).map((p) => ({ p, at: p[0] + next() * 4000 }));
    shuffled.sort((a, b) => a.at - b.at);
    await write(runs.late, { m: shuffled.slice(0, 12_000).map(({ p }) => p) }, true);
    await write(runs.late, { m: shuffled.slice(11_000).map(({ p }) => p) }, false);
    await write(runs.short, { m: walk(90).map(([step, t]): Point => [step - 45, t, Number.NaN]) }, true);
    // Later steps at earlier times, and in one chunk both.
    const backwards = walk(9000).map(([step, t, y]): Point => [step, 2 * T - t, y]);
    await write(runs.backwards, { m: backwards }, true);
    const half = walk(6000).map(([step, t, y]): Point => [Math.floor(step / 2), step % 700 === 0 ? t - 9000 : t, y]);
    await write(runs.backwards, { other: half }, true);
    await write(runs.same, { m: walk(3000).map(([, t, y]): Point => [7, t, y]) }, true);
  });

  const asks: [string, Omit<Asked, "run_id" | "key">][] = [
    ["by step", {}],
    ["by step, few buckets (coarse)", { buckets: 7 }],
    ["by step, one bucket", { buckets: 1 }],
    ["by step, more buckets than overviews give", { buckets: 2500 }],
    ["a zoom", { from: 1234, to: 28_765, buckets: 100 }],
    ["a zoom with a border inside a cell", { from: 29_000.5, to: 29_777, buckets: 50 }],
    ["a zoom to few points", { from: 29_400, to: 29_650 }],
    ["a zoom to one step", { from: 7, to: 7 }],
    ["a zoom past the end", { from: 1e7 }],
    ["up to a step", { to: 900 }],
    ["by time", { x: "time" }],
    ["by time, few buckets", { x: "time", buckets: 5 }],
    ["a zoom by time", { x: "time", from: T + 1_000_000, to: T + 7_300_000, buckets: 150 }],
    ["by time since the start", { x: "relative", buckets: 60 }],
    ["a zoom by time since the start", { x: "relative", from: 60_000, to: 100_000 }],
    ["smoothed", { smoothing: 0.9, buckets: 300 }],
    ["smoothed strongly, zoomed", { smoothing: 0.99, from: 20_000, to: 20_900, buckets: 400 }],
    ["smoothed by time, zoomed", { smoothing: 0.6, x: "time", from: T + 1_000_000, buckets: 100 }],
    ["not smoothed at all", { smoothing: 0, to: 2000 }],
  ];

  it.each(asks)("say what the whole history says: %s", async (_, options) => {
    for (const key of ["m", "other", "fresh"]) {
      const asked = { ...options, run_id: all, key: [key] };
      const answer = await ask(asked);
      for (const run of all) {
        const points = model.get(run)?.[key] ?? [];
        const origin = asked.x === "relative" ? Math.min(...points.map((p) => p[1])) : 0;
        const own = answer.find((s) => s.run_id === run && s.key === key);
        check(own, points, asked, origin);
        if (asked.x === "relative" && own) expect(own.origin).toBe(origin);
      }
    }
  });

  it("come for several keys and runs at once, by key and then by run, without those that are not there", async () => {
    const answer = await ask({ run_id: [runs.hot, newId(), runs.long], key: ["fresh", "none", "m"], buckets: 40 });
    expect(answer.map((s) => [s.run_id, s.key])).toEqual([
      [runs.hot, "fresh"],
      [runs.hot, "m"],
      [runs.long, "m"],
    ]);
    const body = JSON.stringify({ run_id: [runs.hot, runs.long], key: ["m", "fresh"], buckets: 40 });
    const posted = await SELF.fetch(URL_OF_SERIES, { method: "POST", body });
    expect(decodeSeries(await posted.arrayBuffer()).series).toEqual([answer[1], answer[2], answer[0]]);
  });

  it("are about as fine as asked for", async () => {
    for (const buckets of [30, 80, 600]) {
      const [long] = await ask({ run_id: [runs.long], key: ["m"], buckets });
      expect(isFine(long, buckets), `${buckets}: ${long?.rows}`).toBe(true);
    }
  });

  it("are seen as soon as they are acknowledged", async () => {
    const run = await makeRun();
    for (let i = 0; i < 30; i++) {
      await log(run, { m: [[i, T + i, i]] }, i === 20);
      const [series] = await ask({ run_id: [run], key: ["m"] });
      expect(series?.points).toBe(i + 1);
    }
  });

  it("decode no block of a long series", async () => {
    const asked: string[] = [];
    const prepare = (sql: string) => {
      asked.push(sql);
      return env.DB.prepare(sql);
    };
    const DB = { prepare, batch: (s: D1PreparedStatement[]) => env.DB.batch(s) } as unknown as D1Database;
    const fetched: number[] = [];
    const spying = { ...env, DB };
    const answer = await createApp().fetch(
      new Request(query({ run_id: [runs.long], key: ["m"], buckets: 100 })),
      spying,
      createExecutionContext(),
    );
    fetched.push((await answer.arrayBuffer()).byteLength);
    expect(asked).toHaveLength(3);
    const plans = await env.DB.batch<{ detail: string }>(
      asked.map((sql) =>
        env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(
          ...["[]", "[]", "[]"].slice(0, sql.includes("?3") ? 3 : sql.includes("?2") ? 2 : 1),
        ),
      ),
    );
    const steps = plans.flatMap(({ results }) => results.map(({ detail }) => detail));
    expect(steps.filter((s) => /SCAN (?!j|r |k )/.test(s) && !s.includes("VIRTUAL TABLE"))).toEqual([]);
    expect(
      steps.some((s) => /SEARCH c USING INDEX .*\(run_id=\? AND key=\? AND position=\? AND part=\?\)/.test(s)),
    ).toBe(true);
  });

  it("are compressed where they are large and the client can read that", async () => {
    const url = query({ run_id: all, key: ["m"], buckets: 2000 });
    const plain = await SELF.fetch(url, { headers: { "Accept-Encoding": "identity" } });
    const packed = await SELF.fetch(url, { headers: { "Accept-Encoding": "gzip, br" } });
    expect([plain.headers.get("Content-Encoding"), packed.headers.get("Content-Encoding")]).toEqual([null, "gzip"]);
    expect(decodeSeries(await packed.arrayBuffer())).toEqual(decodeSeries(await plain.arrayBuffer()));
  });

  it("come as CSV, every point, and thinned", async () => {
    const csv = async (asked: Asked) =>
      (await (await SELF.fetch(query({ ...asked, format: "csv" }))).text()).trimEnd().split("\n");
    const [head, ...lines] = await csv({ run_id: [runs.hot, runs.short], key: ["m"] });
    expect(head).toBe("run_id,key,step,timestamp,value");
    const expected = [runs.hot, runs.short].flatMap((run) =>
      [...(model.get(run)?.m ?? [])].sort(byStep).map((p) => `${run},m,${p.join()}`),
    );
    expect(lines).toEqual(expected);
    expect(await historyOf(runs.hot, "m")).toHaveLength(lines.length - 90);
    const zoomed = await csv({ run_id: [runs.late], key: ["m"], from: 100, to: 200 });
    expect(zoomed).toHaveLength(1 + (model.get(runs.late)?.m ?? []).filter((p) => p[0] >= 100 && p[0] <= 200).length);
    const thin = await csv({ run_id: [runs.hot], key: ["m"], buckets: 10, smoothing: 0.5 });
    expect(thin[0]).toBe("run_id,key,x,last,min,max,count,nans,smoothed");
    expect(thin).toHaveLength(11);
  });

  it.each([
    ["run_id", "key=m"],
    ["key", "run_id=a"],
    ["buckets", "run_id=a&key=m&buckets=0"],
    ["buckets", "run_id=a&key=m&buckets=x"],
    ["x", "run_id=a&key=m&x=epoch"],
    ["from", "run_id=a&key=m&from=2&to=1"],
    ["smoothing", "run_id=a&key=m&smoothing=1"],
    ["run_id", `${"run_id=a&".repeat(101)}key=m`],
  ])("refuse a wrong %s", async (name, search) => {
    const answer = await SELF.fetch(`${URL_OF_SERIES}?${search}`);
    expect(answer.status).toBe(400);
    expect((await answer.json<{ message: string }>()).message).toContain(`'${name}'`);
  });
});
