/** The table of runs and the statistics of many runs. */
import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { logOf, makeRun, newId, type Point, packOf } from "../metrics/helpers";
import { type Json, newExperiment, newRun, ok } from "../tracking/helpers";

const TIDEMARK = "http://x/api/2.0/tidemark";

async function table(body: object): Promise<{ status: number; lines: Json[] }> {
  const answer = await SELF.fetch(`${TIDEMARK}/runs/table`, { method: "POST", body: JSON.stringify(body) });
  const text = await answer.text();
  return {
    status: answer.status,
    lines: text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  };
}

const log = (run_id: string, fields: object) => ok("runs/log-batch", { run_id, ...fields });
const metric = (key: string, value: number | string, step = 0) => ({ key, value, timestamp: 1000 + step, step });

describe("the table of runs", () => {
  it("says whose a run is by its tag where its client sent no user", async () => {
    const experiment = await newExperiment();
    const tags = [{ key: "mlflow.user", value: "kenji" }];
    await newRun(experiment, { start_time: 1, user_id: "ana", tags });
    await newRun(experiment, { start_time: 2, tags });
    await newRun(experiment, { start_time: 3 });
    const { lines } = await table({ experiment_ids: [experiment] });
    expect(lines[1]?.user_id).toEqual(["", "kenji", "ana"]);
  });

  it("has all runs that match, in order, with chosen columns", async () => {
    const experiment = await newExperiment();
    const runs: string[] = [];
    for (let i = 0; i < 7; i++) {
      const run_id = await newRun(experiment, { start_time: 100 + i, run_name: `r${i}`, user_id: "ana" });
      runs.push(run_id);
      const metrics = i === 3 ? [] : [metric("loss", i === 4 ? "NaN" : i / 7, i), metric("other", 1)];
      await log(run_id, {
        metrics,
        params: [{ key: "lr", value: `${i % 2}` }],
        tags: i < 2 ? [{ key: "env", value: "a" }] : [],
      });
      if (i < 5) await ok("runs/update", { run_id, status: "FINISHED", end_time: 500 });
    }
    await ok("experiments/set-experiment-tag", { experiment_id: experiment, key: "tidemark.baseline", value: runs[2] });
    const asked = { experiment_ids: [experiment], metrics: ["loss", "none"], params: ["lr"], tags: ["env"] };
    const { lines } = await table(asked);
    const reversed = runs.toReversed();
    expect(lines).toEqual([
      { total: 7, of: 7, experiments: { [experiment]: { baseline: runs[2] } } },
      {
        offset: 0,
        rows: 7,
        run_id: reversed,
        experiment_id: runs.map(() => experiment),
        run_name: ["r6", "r5", "r4", "r3", "r2", "r1", "r0"],
        status: ["RUNNING", "RUNNING", ...Array(5).fill("FINISHED")],
        user_id: runs.map(() => "ana"),
        start_time: [106, 105, 104, 103, 102, 101, 100],
        end_time: [null, null, 500, 500, 500, 500, 500],
        live: [1, 1, 0, 0, 0, 0, 0],
        lifecycle_stage: runs.map(() => "active"),
        metrics: {
          loss: {
            value: [6 / 7, 5 / 7, "NaN", null, 2 / 7, 1 / 7, 0],
            step: [6, 5, 4, null, 2, 1, 0],
            timestamp: [1006, 1005, 1004, null, 1002, 1001, 1000],
          },
          none: { value: Array(7).fill(null), step: Array(7).fill(null), timestamp: Array(7).fill(null) },
        },
        params: { lr: { values: ["0", "1"], index: [0, 1, 0, 1, 0, 1, 0] } },
        tags: { env: { values: ["a"], index: [-1, -1, -1, -1, -1, 0, 0] } },
      },
    ]);
    const found = await table({
      ...asked,
      filter: "metrics.loss > 0.2 and params.lr = '1'",
      order_by: ["metrics.loss DESC"],
    });
    expect([found.lines[0]?.total, found.lines[1]?.run_id]).toEqual([1, [runs[5]]]);
    expect((await table({ ...asked, max_results: 2 })).lines[1]?.rows).toBe(2);
    expect((await table({ ...asked, run_view_type: "DELETED_ONLY" })).lines).toHaveLength(1);
  });

  it("comes in pages, each run once, in one trip a page", async () => {
    const experiment = await newExperiment();
    const n = 2345;
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
         SELECT ?1 || '-' || value, ?1, 'r', '', 'FINISHED', value, '' FROM json_each(?2)`,
      ).bind(experiment, JSON.stringify(Array.from({ length: n }, (_, i) => i))),
      env.DB.prepare(
        `INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
         SELECT run_id, 'm', start_time * 0.1, 1, 2, experiment_id FROM runs WHERE experiment_id = ?1`,
      ).bind(experiment),
    ]);
    const asked: string[] = [];
    const prepare = (sql: string) => {
      asked.push(sql);
      return env.DB.prepare(sql);
    };
    const DB = { prepare, batch: (all: D1PreparedStatement[]) => env.DB.batch(all) } as unknown as D1Database;
    const body = JSON.stringify({ experiment_ids: [experiment], metrics: ["m"] });
    const request = new Request(`${TIDEMARK}/runs/table`, { method: "POST", body });
    const answer = await createApp().fetch(request, { ...env, DB }, createExecutionContext());
    const [head, ...pages] = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
    expect(head?.total).toBe(n);
    expect(pages.map(({ offset, rows }) => [offset, rows])).toEqual([
      [0, 100],
      [100, 1000],
      [1100, 1000],
      [2100, 245],
    ]);
    expect(pages.flatMap((page) => page.start_time)).toEqual(Array.from({ length: n }, (_, i) => n - 1 - i));
    expect(pages.flatMap((page) => page.metrics.m.value)).toEqual(
      Array.from({ length: n }, (_, i) => (n - 1 - i) * 0.1),
    );
    // The search, the baselines, and a statement a page.
    expect(asked).toHaveLength(2 + pages.length);
  });

  it.each([
    [{}, "'experiment_ids'"],
    [{ experiment_ids: [] }, "'experiment_ids'"],
    [{ experiment_ids: ["x"] }, "Invalid experiment ID"],
    [{ experiment_ids: ["0"], filter: "tgs.a = 'b'" }, "tgs"],
    [{ experiment_ids: ["0"], order_by: ["nope"] }, "nope"],
    [{ experiment_ids: ["0"], metrics: Array.from({ length: 501 }, (_, i) => `${i}`) }, "'metrics'"],
    [{ experiment_ids: ["0"], max_results: 0 }, "'max_results'"],
  ])("refuses %o", async (body, words) => {
    const { status, lines } = await table(body);
    expect([status, lines[0]?.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(lines[0]?.message).toContain(words);
  });
});

describe("statistics of many runs", () => {
  it("come by columns, hot runs included", async () => {
    const [cold, hot, empty] = [await makeRun(), await makeRun(), newId()];
    const wave: Point[] = Array.from({ length: 3000 }, (_, i) => [i, 1000 + i, Math.sin(i / 100)]);
    await logOf(cold).append(cold, packOf({ wave, odd: [[0, 1, Number.NaN]] }));
    await logOf(cold).flush(cold);
    await logOf(hot).append(hot, packOf({ wave: wave.slice(0, 1000) }));
    await logOf(hot).flush(hot);
    await logOf(hot).append(hot, packOf({ wave: wave.slice(900, 1100) }));
    const body = JSON.stringify({ run_ids: [cold, empty, hot], keys: ["wave", "odd"] });
    const answer = await SELF.fetch(`${TIDEMARK}/metrics/stats`, { method: "POST", body });
    const mean = (n: number) => wave.slice(0, n).reduce((sum, p) => sum + p[2], 0) / n;
    const of = (n: number, pick: (...values: number[]) => number) => pick(...wave.slice(0, n).map((p) => p[2]));
    expect(await answer.json()).toEqual({
      keys: {
        wave: {
          count: [3000, null, 1100],
          nans: [0, null, 0],
          last: [wave[2999]?.[2], null, wave[1099]?.[2]],
          step: [2999, null, 1099],
          timestamp: [3999, null, 2099],
          min: [of(3000, Math.min), null, of(1100, Math.min)],
          max: [of(3000, Math.max), null, of(1100, Math.max)],
          mean: [expect.closeTo(mean(3000), 12), null, expect.closeTo(mean(1100), 12)],
        },
        odd: {
          count: [1, null, null],
          nans: [1, null, null],
          last: ["NaN", null, null],
          step: [0, null, null],
          timestamp: [1, null, null],
          min: [null, null, null],
          max: [null, null, null],
          mean: [null, null, null],
        },
      },
    });
  });
});
