/** A run under load: many writers at once, and a database that is away for a while. */
import { runInDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { RunLog } from "../../src/metrics/run-log";
import { historyOf, logOf, makeRun, objectOf, type Point, packOf, runRow } from "../metrics/helpers";

const logBatch = (body: object) =>
  SELF.fetch("https://tidemark.test/api/2.0/mlflow/runs/log-batch", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

it("32 writers at once write 100,000 observations: none is refused, lost or there twice", {
  timeout: 120_000,
}, async () => {
  const run_id = await makeRun();
  const keys = Array.from({ length: 10 }, (_, k) => `metric/${k}`);
  // Writer w has steps w, w + 32, …: what arrives is nowhere in order.
  const writer = async (w: number) => {
    const statuses: number[] = [];
    for (let from = w; from < 10_000; from += 32 * 50) {
      const steps = Array.from({ length: 50 }, (_, i) => from + 32 * i).filter((step) => step < 10_000);
      const metrics = steps.flatMap((step) =>
        keys.map((key, k) => ({ key, value: step + k / 16, timestamp: step, step })),
      );
      statuses.push((await logBatch({ run_id, metrics })).status);
    }
    return statuses;
  };
  const statuses = (await Promise.all(Array.from({ length: 32 }, (_, w) => writer(w)))).flat();
  expect(new Set(statuses)).toEqual(new Set([200]));
  const expected = (k: number) => Array.from({ length: 10_000 }, (_, step): Point => [step, step, step + k / 16]);
  for (const [k, key] of keys.entries()) expect(await historyOf(run_id, key)).toEqual(expected(k));
  await logOf(run_id).flush(run_id);
  for (const [k, key] of keys.entries()) expect(await historyOf(run_id, key)).toEqual(expected(k));
  expect(await runRow(run_id)).toMatchObject({ hot: 0, log_accepted: 100_000 });
});

/** Takes D1 away from a run's log, and gives it back. */
async function cutOff(run: string, isAway: boolean): Promise<void> {
  await runInDurableObject(objectOf(run), (log: RunLog) => {
    const DB = new Proxy(env.DB, {
      get(target, name) {
        if (name === "batch" && isAway) return () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    Object.assign(log, { env: { ...env, DB } });
  });
}

it("a log that can't publish keeps up to a million, then asks to come back, and recovers", {
  timeout: 120_000,
}, async () => {
  const run_id = await makeRun();
  await logOf(run_id).append(run_id, packOf({ m: [[0, 0, 0]] }));
  await cutOff(run_id, true);
  const packs = (n: number, from: number): Point[] => Array.from({ length: n }, (_, i): Point => [from + i, 5, i % 7]);
  let taken = 1;
  for (; taken < 1_000_000; taken += 25_000) {
    expect(await logOf(run_id).append(run_id, packOf({ m: packs(25_000, taken) }))).toMatchObject({ ok: true });
  }
  const one = { run_id, metrics: [{ key: "m", value: 1, timestamp: 5, step: taken }] };
  const refused = await logBatch(one);
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "5"]);
  expect(await refused.json()).toMatchObject({
    error_code: "RESOURCE_EXHAUSTED",
    message: expect.stringContaining("can't be published"),
  });
  await cutOff(run_id, false);
  await expect.poll(async () => (await logBatch(one)).status, { timeout: 60_000, interval: 500 }).toBe(200);
  expect(await historyOf(run_id, "m")).toHaveLength(taken + 1);
});
