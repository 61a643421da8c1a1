/**
 * RunLog against a reference model (a plain map) under random appends in any order, repeats, concurrent writers,
 * publishes, alarms, evictions, and publishes that die before, in the middle of and after D1's transaction, between the
 * commit and the trim, and twice in a row: the answers are always the model's.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { database } from "../../src/db/client";
import { type LatestMetric, overlayHot } from "../../src/metrics/latest";
import { historyOf, logOf, makeRun, objectOf, type Point, packOf, random, runRow } from "../metrics/helpers";

type Model = Map<string, Map<string, Point>>;

type Death = "before" | "rolled-back" | "after" | "answer-lost";

/** What happens to the next batch a log sends to D1: the object dies around it, or only the answer gets lost. */
async function doom(run: string, death: Death): Promise<void> {
  await again(() =>
    runInDurableObject(objectOf(run), (log, state) => {
      const real = env.DB;
      const batch = async (statements: D1PreparedStatement[]) => {
        Object.assign(log, { env });
        if (death === "before") state.abort("died before the transaction");
        if (death === "rolled-back") {
          await real
            .batch([...statements, real.prepare("SELECT json('the transaction fails here')")])
            .catch(() => undefined);
          state.abort("died in the transaction");
        }
        await real.batch(statements);
        if (death === "after") state.abort("died between the commit and the trim");
        throw new Error("the answer of D1 got lost");
      };
      const db = new Proxy(real, {
        get: (target, name) => {
          if (name === "batch") return batch;
          const value = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      Object.assign(log, { env: { ...env, DB: db } });
    }),
  );
}

async function latestOf(run: string): Promise<LatestMetric[]> {
  const db = database(env.DB);
  const { log_position: logPosition, hot } = await runRow(run);
  const { results } = await env.DB.prepare("SELECT * FROM latest_metrics WHERE run_id = ?1 ORDER BY key")
    .bind(run)
    .all<Record<string, unknown>>();
  const rows = results.map(
    (r) => ({ ...r, runId: run, isNan: r.is_nan, experimentId: "0" }) as unknown as LatestMetric,
  );
  const byRun = new Map([[run, rows]]);
  if (hot) await overlayHot(env, db, [{ runId: run, experimentId: "0", logPosition }], byRun);
  return byRun.get(run) ?? [];
}

/** A call may meet an object that is just dying in the background, as a client's would; then it is made again. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === 4 || !/died|answer of D1|broken/.test(String(error))) throw error;
    }
  }
}

const rank = (v: number) => (Number.isNaN(v) ? 0 : v);
const byTime = (a: Point, b: Point) =>
  a[1] - b[1] || a[0] - b[0] || rank(a[2]) - rank(b[2]) || Number(Number.isNaN(a[2])) - Number(Number.isNaN(b[2]));
const byStep = (a: Point, b: Point) => a[0] - b[0] || byTime(a, b);

async function check(run: string, model: Model): Promise<void> {
  for (const [key, points] of model)
    expect(await again(() => historyOf(run, key))).toEqual([...points.values()].sort(byTime));
  const latest = new Map((await again(() => latestOf(run))).map((m) => [m.key, m]));
  expect([...latest.keys()].sort()).toEqual([...model.keys()].sort());
  for (const [key, points] of model) {
    const [step, timestamp, value] = [...points.values()].sort(byStep).at(-1) as Point;
    const expected = { step, timestamp, value: rank(value), isNan: Number(Number.isNaN(value)) };
    expect(latest.get(key)).toMatchObject(expected);
  }
}

async function scenario(seed: number, operations: number): Promise<void> {
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  const run = await makeRun();
  const model: Model = new Map();
  let sent: Record<string, Point[]> = {};

  const batch = (): Record<string, Point[]> => {
    const out: Record<string, Point[]> = {};
    const big = below(6) === 0;
    for (let k = below(3); k >= 0; k--) {
      out[`key${below(4)}`] = Array.from({ length: 1 + below(big ? 900 : 6) }, (): Point => {
        const step = below(big ? 5000 : 50) - 10;
        return [step, 1_700_000_000_000 + below(3) + step * below(2), below(20) === 0 ? Number.NaN : below(40) / 10];
      });
    }
    return out;
  };
  // The client's way: an append that fails is sent again, and only then counts as acknowledged.
  const append = async (points: Record<string, Point[]>) => {
    for (let attempt = 0; ; attempt++) {
      try {
        expect(await logOf(run).append(run, packOf(points))).toMatchObject({ ok: true });
        break;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
    for (const [key, list] of Object.entries(points)) {
      const known = model.get(key) ?? new Map<string, Point>();
      for (const p of list) known.set(p.join(), p);
      model.set(key, known);
    }
  };

  for (let i = 0; i < operations; i++) {
    const what = below(21);
    if (what < 8) {
      sent = batch();
      await append(sent);
    } else if (what < 9) await append(sent);
    else if (what < 10) await Promise.all([append(batch()), append(batch()), append(batch())]);
    else if (what < 12)
      await logOf(run)
        .flush(run)
        .catch(() => undefined);
    else if (what < 13)
      await Promise.all([logOf(run).flush(run), append(batch()), append(batch())]).catch(() => undefined);
    else if (what < 14) await again(() => runInDurableObject(objectOf(run), (log) => log.alarm()));
    else if (what < 15) await evictDurableObject(objectOf(run)).catch(() => undefined);
    else if (what < 19) {
      await doom(run, (["before", "rolled-back", "after", "answer-lost"] as const)[below(4)] as Death);
      await logOf(run)
        .flush(run)
        .catch(() => undefined);
      if (below(2) === 0) {
        await doom(run, below(2) === 0 ? "after" : "before");
        await logOf(run)
          .flush(run)
          .catch(() => undefined);
      }
    } else if (below(3) === 0) {
      // Enough of one key that it is published at once, while the others stay behind as a carry.
      const from = below(4) * 1000;
      if (below(2) === 0) await doom(run, below(2) === 0 ? "after" : "answer-lost");
      await append({
        ...batch(),
        full: Array.from({ length: 4200 }, (_, n): Point => [from + n, 1_700_000_000_000 + n, n / 8]),
      });
    } else await check(run, model);
  }
  await check(run, model);
  await again(() => logOf(run).flush(run));
  await check(run, model);
  expect((await runRow(run)).hot).toBe(0);
}

describe("RunLog equals a plain map", () => {
  for (let seed = 1; seed <= 24; seed++) {
    it(`seed ${seed}`, { timeout: 60_000 }, async () => await scenario(seed, 60));
  }
});
