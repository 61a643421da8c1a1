/** Runs created and changed together: who gets what, and how often D1 is called. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { RunWrite } from "../../src/tracking/run-batch";
import { type RunWriter, writeRun } from "../../src/tracking/run-writer";
import { newId } from "../metrics/helpers";

const create = (runId: string, experimentId = "0", tag = "v"): RunWrite => ({
  create: { runId, experimentId, name: `n-${runId}`, userId: "u", startTime: 5, tags: [{ key: "k", value: tag }] },
});
const end = (runId: string, name?: string): RunWrite => ({ change: { runId, status: "FINISHED", endTime: 9, name } });

const stored = async (like: string) =>
  (
    await env.DB.prepare("SELECT run_id, status FROM runs WHERE run_id LIKE ? ORDER BY run_id")
      .bind(like)
      .all<{ run_id: string; status: string }>()
  ).results;

/** How many calls to D1 a new writer makes for what `work` asks of it. */
async function calls(work: (writer: RunWriter) => Promise<unknown>): Promise<number> {
  const stub = env.RUN_WRITERS.get(env.RUN_WRITERS.idFromName(crypto.randomUUID()));
  return await runInDurableObject(stub, async (writer: RunWriter) => {
    let made = 0;
    const counted = new Proxy(env.DB, {
      get(target, name) {
        if (name === "batch") made++;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    Object.assign(writer, { env: { ...env, DB: counted } });
    await work(writer);
    return made;
  });
}

describe("runs written together", () => {
  it("are each caller's own, whether alone or not", async () => {
    const ids = Array.from({ length: 40 }, newId);
    const created = await Promise.all(ids.map((id) => writeRun(env, create(id))));
    expect(created.map((run) => [run?.runId, run?.name, run?.status, run?.artifactUri])).toEqual(
      ids.map((id) => [id, `n-${id}`, "RUNNING", `mlflow-artifacts:/0/${id}/artifacts`]),
    );
    const ended = await Promise.all(ids.map((id, i) => writeRun(env, end(id, i % 2 ? `again-${id}` : ""))));
    expect(ended.map((run) => [run?.runId, run?.status, run?.endTime, run?.startTime])).toEqual(
      ids.map((id) => [id, "FINISHED", 9, 5]),
    );
    expect(ended.map((run) => run?.name)).toEqual(ids.map((id, i) => (i % 2 ? `again-${id}` : `n-${id}`)));
    const tags = await env.DB.prepare("SELECT key, value FROM tags WHERE run_id = ? ORDER BY key").bind(ids[1]).all();
    expect(tags.results).toEqual([
      { key: "k", value: "v" },
      { key: "mlflow.runName", value: `again-${ids[1]}` },
    ]);
  });

  it("share a call to D1, but for two changes of one run", async () => {
    const ids = Array.from({ length: 30 }, newId);
    expect(await calls((w) => Promise.all(ids.map((id) => w.write(create(id)))))).toBe(2);
    const [one = ""] = ids;
    const twice = (w: RunWriter) =>
      Promise.all([w.write(create(newId())), w.write(end(one, "first")), w.write(end(one, "second"))]);
    expect(await calls(twice)).toBe(3);
    const row = await env.DB.prepare("SELECT name FROM runs WHERE run_id = ?").bind(one).first();
    expect(row).toEqual({ name: "second" });
  });

  it("don't suffer from one that is refused", async () => {
    const prefix = newId().slice(0, 20);
    const ids = ["a", "b", "b", "c", "d"].map((end) => prefix + end);
    const outcomes: string[] = [];
    await calls(async (w) => {
      const settled = await Promise.allSettled([w.write(create(newId())), ...ids.map((id) => w.write(create(id)))]);
      outcomes.push(...settled.slice(1).map((s) => s.status));
    });
    expect(outcomes).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect((await stored(`${prefix}%`)).map((r) => r.run_id)).toEqual([...new Set(ids)]);
  });

  it("are nothing where the experiment or the run is not there", async () => {
    const id = newId();
    expect(await writeRun(env, create(id, "404404"))).toBeUndefined();
    expect(await writeRun(env, end(id))).toBeUndefined();
    expect(await stored(id)).toEqual([]);
  });

  it("find their rows by key", async () => {
    for (const [sql, plan] of [
      [
        "UPDATE runs SET status = j.value->>'status' FROM json_each('[]') j WHERE runs.run_id = j.value->>'runId'",
        /SEARCH runs USING .*run_id=/,
      ],
    ] as const) {
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
      expect(results.map((r) => r.detail).join("\n")).toMatch(plan);
    }
  });
});
