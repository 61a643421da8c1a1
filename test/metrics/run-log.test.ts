import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { CHUNK_POINTS } from "../../src/metrics/chunk";
import type { RunLog } from "../../src/metrics/run-log";
import { chunkCount, historyOf, logOf, makeRun, newId, objectOf, type Point, packOf, runRow } from "./helpers";

const ramp = (n: number, from = 0): Point[] =>
  Array.from({ length: n }, (_, i) => [from + i, 1000 + from + i, (from + i) / 7]);

/** Rows of the run itself that emptying its log writes: its own, and its place among the hot. */
const PUBLISHES = 2;

describe("append", () => {
  it("acknowledges, counts and reads back", async () => {
    const run = await makeRun();
    expect(await logOf(run).append(run, packOf({ a: ramp(3), b: ramp(1) }))).toMatchObject({ ok: true, accepted: 4 });
    expect(await historyOf(run, "a")).toEqual(ramp(3));
    expect((await runRow(run)).hot).toBe(1);
  });

  it("refuses unknown and deleted runs without storing anything", async () => {
    const unknown = newId();
    expect(await logOf(unknown).append(unknown, packOf({ a: ramp(1) }))).toEqual({ ok: false, reason: "not_found" });
    const deleted = await makeRun(newId(), "deleted");
    expect(await logOf(deleted).append(deleted, packOf({ a: ramp(1) }))).toMatchObject({ reason: "inactive" });
    expect((await runRow(deleted)).hot).toBe(0);
    await runInDurableObject(objectOf(unknown), (_, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray()).toEqual([]);
    });
  });

  it("collapses exact repeats, also NaN, and a repeat writes no row", async () => {
    const run = await makeRun();
    const pack = packOf({
      a: [
        [1, 5, Number.NaN],
        [1, 5, 2],
      ],
    });
    await logOf(run).append(run, pack);
    const before = await rowsWritten(run);
    expect(await logOf(run).append(run, pack)).toMatchObject({ accepted: 0, duplicate: 2 });
    expect(await rowsWritten(run)).toEqual(before);
    expect(await historyOf(run, "a")).toEqual([
      [1, 5, Number.NaN],
      [1, 5, 2],
    ]);
  });

  it("ends in the same state whatever the order of arrival", async () => {
    const points = ramp(300);
    const [one, other] = [await makeRun(), await makeRun()];
    await logOf(one).append(one, packOf({ a: points }));
    const shuffled = points
      .map((p, i) => ({ p, k: (i * 7919) % 300 }))
      .sort((x, y) => x.k - y.k)
      .map((x) => x.p);
    await Promise.all(shuffled.map((p) => logOf(other).append(other, packOf({ a: [p] }))));
    expect(await historyOf(other, "a")).toEqual(await historyOf(one, "a"));
    expect(await logOf(other).latest()).toEqual(await logOf(one).latest());
  });

  it("a batch of 1,000 is one row, and small ones share a row", async () => {
    const run = await makeRun();
    await logOf(run).append(run, packOf({ a: ramp(1) }));
    const before = await rowsWritten(run);
    await logOf(run).append(run, packOf({ a: ramp(1000, 10) }));
    expect((await rowsWritten(run)).rows - before.rows).toBe(1);
    for (let i = 0; i < 20; i++) await logOf(run).append(run, packOf({ b: ramp(1, i) }));
    expect((await rowsWritten(run)).rows - before.rows).toBe(2);
  });
});

describe("publish", () => {
  it("writes two rows a full chunk, and two for each latest value that changed", async () => {
    const run = await makeRun();
    let rows = 0;
    await runInDurableObject(objectOf(run), (log: RunLog) => {
      const DB = new Proxy(env.DB, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown;
          if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
          return async (statements: D1PreparedStatement[]) => {
            const results = await target.batch(statements);
            for (const { meta } of results) rows += meta.rows_written;
            return results;
          };
        },
      });
      Object.assign(log, { env: { ...env, DB } });
    });
    const published = async (points: Point[]) => {
      rows = 0;
      await logOf(run).append(run, packOf({ a: points, b: points }));
      await logOf(run).flush(run);
      return rows;
    };
    // Two chunks and their keys; the latest values and their index; the run.
    expect(await published(ramp(CHUNK_POINTS))).toBe(2 * 2 + 2 * 2 + PUBLISHES);
    // Late observations: the latest value of neither key changes.
    expect(await published(ramp(CHUNK_POINTS, -CHUNK_POINTS))).toBe(2 * 2 + PUBLISHES);
  });

  it("moves everything to D1, clears the hot flag and leaves nothing stored", async () => {
    const run = await makeRun();
    await logOf(run).append(run, packOf({ a: ramp(2000), b: ramp(3) }));
    await logOf(run).flush(run);
    expect(await runRow(run)).toMatchObject({ hot: 0, log_accepted: 2003 });
    expect(await chunkCount(run)).toBe(2);
    expect(await historyOf(run, "a")).toEqual(ramp(2000));
    await runInDurableObject(objectOf(run), async (_, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray()).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });

  it("goes on after a flush without losing or repeating anything", async () => {
    const run = await makeRun();
    for (let round = 0; round < 4; round++) {
      await logOf(run).append(run, packOf({ a: ramp(10, round * 10) }));
      await logOf(run).flush(run);
      await logOf(run).append(run, packOf({ a: ramp(10, round * 10) }));
    }
    await logOf(run).flush(run);
    expect(await historyOf(run, "a")).toEqual(ramp(40));
  });

  it("that can't reach the database after a pause keeps nobody from logging on", async () => {
    const run = await makeRun();
    await logOf(run).append(run, packOf({ a: ramp(5) }));
    await evictDurableObject(objectOf(run));
    await logOf(run).append(run, packOf({ a: ramp(5, 5) }));
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
    await runInDurableObject(objectOf(run), async (log: RunLog) => {
      const away = () => {
        throw new Error("the database is away");
      };
      Object.assign(log, { env: { ...env, DB: { prepare: away, batch: away } } });
      await log.alarm();
      clock.mockRestore();
      expect(await log.append(run, packOf({ a: ramp(5, 10) }))).toMatchObject({ ok: true, accepted: 5 });
      Object.assign(log, { env });
    });
    expect(await runRow(run)).toMatchObject({ hot: 1 });
    await logOf(run).flush(run);
    expect(await historyOf(run, "a")).toEqual(ramp(15));
  });

  it("happens by alarm after a pause, and a second alarm changes nothing", async () => {
    const run = await makeRun();
    await logOf(run).append(run, packOf({ a: ramp(5) }));
    // A fresh life of the object has seen no append: for it, the log is idle.
    await evictDurableObject(objectOf(run));
    expect(await runDurableObjectAlarm(objectOf(run))).toBe(true);
    const row = await runRow(run);
    expect(row).toMatchObject({ hot: 0, log_accepted: 5 });
    await runInDurableObject(objectOf(run), (log) => log.alarm());
    expect(await runRow(run)).toEqual(row);
    expect(await historyOf(run, "a")).toEqual(ramp(5));
  });

  it("keeps the largest (step, timestamp, value) as latest, with NaN as 0", async () => {
    const run = await makeRun();
    const latest = async (key: string) => {
      await logOf(run).flush(run);
      return await env.DB.prepare("SELECT value, step, is_nan FROM latest_metrics WHERE run_id = ?1 AND key = ?2")
        .bind(run, key)
        .first();
    };
    await logOf(run).append(
      run,
      packOf({
        a: [
          [3, 1, 1],
          [2, 9, 9],
        ],
        n: [[1, 1, Number.NaN]],
        m: [[1, 1, -5]],
      }),
    );
    expect(await latest("a")).toEqual({ value: 1, step: 3, is_nan: 0 });
    await logOf(run).append(run, packOf({ a: [[1, 99, 99]], n: [[1, 1, 5]], m: [[1, 1, Number.NaN]] }));
    expect(await latest("a")).toEqual({ value: 1, step: 3, is_nan: 0 });
    expect(await latest("n")).toEqual({ value: 5, step: 1, is_nan: 0 });
    expect(await latest("m")).toEqual({ value: 0, step: 1, is_nan: 1 });
  });

  it("keeps doubles exact on their way through JSON", async () => {
    const run = await makeRun();
    const values = [
      0.1,
      1 / 3,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      -Number.MAX_VALUE,
      2 ** 53,
      123456789.12345679,
      5e-324,
    ];
    for (let i = 0; i < 400; i++) {
      const bits = crypto.getRandomValues(new Uint32Array(2));
      const v = new Float64Array(bits.buffer)[0] as number;
      if (Number.isFinite(v)) values.push(v);
    }
    await logOf(run).append(run, packOf(Object.fromEntries(values.map((v, i) => [`k${i}`, [[0, 1, v] as Point]]))));
    await logOf(run).flush(run);
    const { results } = await env.DB.prepare("SELECT key, value FROM latest_metrics WHERE run_id = ?1")
      .bind(run)
      .all<{ key: string; value: number }>();
    const byKey = new Map(results.map((r) => [r.key, r.value]));
    expect(values.filter((v, i) => byKey.get(`k${i}`) !== v)).toEqual([]);
  });
});

async function rowsWritten(run: string): Promise<{ rows: number; bytes: number }> {
  return await runInDurableObject(objectOf(run), (_, state) => {
    const row = state.storage.sql
      .exec<{ rows: number; bytes: number }>(
        "SELECT count(*) AS rows, coalesce(sum(length(data)), 0) AS bytes FROM log WHERE position > 0",
      )
      .one();
    return row;
  });
}
