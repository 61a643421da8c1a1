import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CHUNK_POINTS } from "../../src/metrics/chunk";
import { compactRun } from "../../src/metrics/compact";
import { chunkStatements } from "../../src/metrics/publish";
import { chunkCount, historyOf, makeRun, type Point } from "./helpers";

const points = (n: number, at: (i: number) => Point): Point[] => Array.from({ length: n }, (_, i) => at(i));
const ramp = (from: number, n: number, stride = 1): Point[] =>
  points(n, (i) => [from + i * stride, 1e12 + from + i * stride, (from + i) / 3]);

/** Publishes each list as a chunk of its own, in this order. */
async function publish(runId: string, lists: Point[][]): Promise<number> {
  let position = 0;
  for (const list of lists) {
    const columns = {
      steps: Float64Array.from(list, (p) => p[0]),
      timestamps: Float64Array.from(list, (p) => p[1]),
      values: Float64Array.from(list, (p) => p[2]),
    };
    await env.DB.batch(chunkStatements(env.DB, { runId, position: ++position, sealed: new Map([["m", columns]]) }));
  }
  return position;
}

async function compacted(lists: Point[][]): Promise<{ run: string; before: Point[]; after: Point[]; chunks: number }> {
  const run = await makeRun();
  let position = await publish(run, lists);
  const before = await historyOf(run, "m");
  await compactRun(env.DB, run, 0, () => ++position);
  return { run, before, after: await historyOf(run, "m"), chunks: await chunkCount(run) };
}

async function overlaps(run: string): Promise<number> {
  const { results } = await env.DB.prepare(
    "SELECT min_step, max_step FROM metric_chunks WHERE run_id = ?1 ORDER BY min_step, max_step",
  )
    .bind(run)
    .all<{ min_step: number; max_step: number }>();
  return results.filter((r, i) => i > 0 && r.min_step <= (results[i - 1]?.max_step ?? 0)).length;
}

describe("compactRun", () => {
  it("makes full chunks of many small ones", async () => {
    const lists = Array.from({ length: 40 }, (_, i) => ramp(i * 500, 500));
    const { before, after, chunks } = await compacted(lists);
    expect(after).toEqual(before);
    expect(after).toHaveLength(20_000);
    expect(chunks).toBe(Math.ceil(20_000 / CHUNK_POINTS));
  });

  it("makes overlapping chunks disjoint and drops what is in several", async () => {
    const { run, after, chunks } = await compacted([
      ramp(0, 3000, 2),
      ramp(1, 3000, 2),
      ramp(0, 3000, 2),
      ramp(100, 50),
    ]);
    expect(new Set(after.map(String)).size).toBe(after.length);
    expect(after.length).toBe(6000 + 50);
    expect(await overlaps(run)).toBe(0);
    expect(chunks).toBe(1);
  });

  it("leaves full, disjoint chunks alone, and a second time everything", async () => {
    const run = await makeRun();
    let position = await publish(run, [ramp(0, 5000), ramp(5000, 5000), ramp(10_000, 10), ramp(20_000, 10)]);
    await compactRun(env.DB, run, 0, () => ++position);
    expect(await chunkCount(run)).toBe(3);
    const was = position;
    await compactRun(env.DB, run, 0, () => ++position);
    expect(position).toBe(was);
  });

  it("merges long chains of overlaps step by step", { timeout: 60_000 }, async () => {
    // Each chunk reaches into the next, as concurrent writers leave them.
    const lists = Array.from({ length: 90 }, (_, i) => ramp(i * 4000, 4500));
    const { run, before, after } = await compacted(lists);
    expect(after).toEqual(before);
    expect(await overlaps(run)).toBe(0);
  });

  it("keeps everything when it dies between steps", { timeout: 60_000 }, async () => {
    const run = await makeRun();
    let position = await publish(
      run,
      Array.from({ length: 90 }, (_, i) => ramp(i * 4000, 4500)),
    );
    const before = await historyOf(run, "m");
    let steps = 0;
    const dying = () => {
      if (++steps === 2) throw new Error("died");
      return ++position;
    };
    await expect(compactRun(env.DB, run, 0, dying)).rejects.toThrow("died");
    expect(await historyOf(run, "m")).toEqual(before);
    await compactRun(env.DB, run, 0, () => ++position);
    expect(await historyOf(run, "m")).toEqual(before);
    expect(await overlaps(run)).toBe(0);
  });
});
