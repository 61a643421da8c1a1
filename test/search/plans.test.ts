import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Json, newExperiment, newRun, ok, plansOf, spied } from "../tracking/helpers";

const RUNS = 4000;

let experiment: string;

beforeAll(async () => {
  experiment = await newExperiment();
  const numbers = JSON.stringify(Array.from({ length: RUNS }, (_, i) => i));
  const insert = (sql: string) => env.DB.prepare(`${sql} FROM json_each(?2) j`).bind(experiment, numbers);
  await env.DB.batch([
    insert(`INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
      SELECT 'p' || value, ?1, 'r', '', iif(value % 400, 'FINISHED', 'FAILED'), value, ''`),
    insert(`INSERT INTO latest_metrics (run_id, key, value, timestamp, step, is_nan, experiment_id)
      SELECT 'p' || value, 'loss', value / 7.0, 0, 0, 0, ?1`),
    insert("INSERT INTO params (run_id, key, value, experiment_id) SELECT 'p' || value, 'lr', value % 5, ?1"),
    insert(
      "INSERT INTO tags (run_id, key, value, experiment_id) SELECT 'p' || value, 'team', 'team ' || (value % 7), ?1",
    ),
  ]);
});

describe("no table that grows is scanned", () => {
  test.each<[string, Json]>([
    ["list", {}],
    [
      "all three",
      { filter: "metrics.loss > 5 AND params.lr = '3' AND tags.team = 'team 2'", order_by: ["metrics.loss DESC"] },
    ],
    ["few of them", { filter: "metrics.loss < 2 AND tags.team LIKE '%2'", order_by: ["metrics.loss"] }],
    ["a pattern", { filter: "tags.team LIKE '%5'" }],
    ["a long pattern", { filter: `tags.team LIKE '${"team 5 ".repeat(10)}%x_y%'` }],
    ["absence", { filter: "tags.absent IS NULL" }],
    ["a status", { filter: "status = 'FAILED'" }],
    ["ids", { filter: "run_id IN ('p1', 'p2')" }],
    ["a dataset", { filter: "dataset.name = 'd'" }],
    ["a choice", { filter: "params.lr = '1' OR NOT tags.team = 'team 1'" }],
    ["by a param", { order_by: ["params.lr DESC", "tags.team"] }],
    ["by an end", { order_by: ["end_time DESC"] }],
    ["in all views", { run_view_type: "ALL", filter: "metrics.loss != 5" }],
  ])("%s", async (_, request) => {
    const { statements } = await spied("runs/search", { experiment_ids: [experiment], max_results: 50, ...request });
    for (const statement of statements) {
      const steps = await plansOf([statement]);
      const scans = steps.filter((step) =>
        /^SCAN (?!(j|e|s|json_each|page|walk|cut|CONSTANT ROW|s\d|counts|choice|led|\(subquery-\d+\))\b|\()/.test(step),
      );
      // What a statement scans under the name of a run is what another part of it has put together.
      const made = steps.filter((step) => /^(CO-ROUTINE|MATERIALIZE) (r|d)$/.test(step));
      expect(
        scans.filter((step) => !/^SCAN (r|d)$/.test(step)),
        steps.join("\n"),
      ).toEqual([]);
      expect(scans.length, steps.join("\n")).toBeLessThanOrEqual(made.length);
    }
  });
});

test.each<[string, Json, number]>([
  ["a list", {}, 50],
  ["the best of a metric", { order_by: ["metrics.loss DESC"] }, 50],
  ["what is found at once", { filter: "params.lr = '3'" }, 50],
  ["few, by a metric", { filter: "metrics.loss < 0.5", order_by: ["metrics.loss"] }, 4],
])("%s is one trip that writes nothing", async (_, request, count) => {
  const found = await spied("runs/search", { experiment_ids: [experiment], max_results: 50, ...request });
  expect(found.answer.runs).toHaveLength(count);
  expect(found).toMatchObject({ rowsWritten: 0 });
  expect(found.trips).toBeLessThanOrEqual(2);
});

test("a page's rows are read in proportion to it", async () => {
  const rowsRead = async (request: Json): Promise<number> => {
    const { statements } = await spied("runs/search", { experiment_ids: [experiment], max_results: 20, ...request });
    const results = await env.DB.batch(statements.map(({ sql, args }) => env.DB.prepare(sql).bind(...args)));
    return results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
  };
  expect(await rowsRead({})).toBeLessThan(500);
  const { next_page_token } = await ok("runs/search", { experiment_ids: [experiment], max_results: 3000 });
  expect(await rowsRead({ page_token: next_page_token })).toBeLessThan(500);
});

test.each<[string, Json, number]>([
  ["that leads to few runs", { filter: "metrics.loss < 2 AND tags.team LIKE '%2'" }, 2],
  [
    "that leads to few, in an order of their own",
    { filter: "metrics.loss < 2 AND params.lr = '1'", order_by: ["end_time"] },
    3,
  ],
  ["of which either will do", { filter: "params.lr = 'none' OR metrics.loss < 1" }, 7],
  ["that many runs hold", { filter: "metrics.loss > 10 AND params.lr = '3'", order_by: ["metrics.loss"] }, 50],
])("a comparison %s is found out and answered in one trip", async (_, request, count) => {
  const asked = { experiment_ids: [experiment], max_results: 50, ...request };
  const { statements, answer, trips } = await spied("runs/search", asked);
  expect(answer.runs).toHaveLength(count);
  // The second asks which runs may hold newer metrics.
  expect(statements).toHaveLength(2);
  expect(trips).toBe(1);
});

test.each<[string, Json, number]>([
  ["a list of what many have", { filter: "tags.team LIKE '%5'" }, 1100],
  ["a comparison among many runs", { filter: "metrics.loss > 550 AND params.lr = '3'" }, 2200],
  ["the best within a bound", { filter: "metrics.loss > 5", order_by: ["metrics.loss"] }, 500],
])("%s: rows are read in proportion to the answer", async (_, request, most) => {
  const { statements } = await spied("runs/search", { experiment_ids: [experiment], max_results: 20, ...request });
  const results = await env.DB.batch(statements.map(({ sql, args }) => env.DB.prepare(sql).bind(...args)));
  expect(results.reduce((sum, { meta }) => sum + meta.rows_read, 0)).toBeLessThan(most);
});

test("a filter of as many comparisons as there may be", async () => {
  for (const order_by of [[], ["metrics.loss"], ["end_time"]]) {
    const filter = Array.from({ length: 100 }, (_, i) => `metrics.loss > ${i}`).join(" AND ");
    const few = await ok("runs/search", { experiment_ids: [experiment], max_results: 10, filter, order_by });
    expect(few.runs).toHaveLength(10);
  }
});

test("pages stay right while runs are added", async () => {
  const growing = await newExperiment();
  for (let start_time = 1; start_time <= 6; start_time++)
    await newRun(growing, { start_time, run_name: `r${start_time}` });
  const request = { experiment_ids: [growing], max_results: 3 };
  const first = await ok("runs/search", request);
  await newRun(growing, { start_time: 9 });
  const second = await ok("runs/search", { ...request, page_token: first.next_page_token });
  const names = [...first.runs, ...second.runs].map((run: Json) => run.info.run_name);
  expect(names).toEqual(["r6", "r5", "r4", "r3", "r2", "r1"]);
  expect(second).not.toHaveProperty("next_page_token");
});

test("a search by a metric sees what was acknowledged, of runs that stay hot", async () => {
  const live = await newExperiment();
  const ids = [await newRun(live), await newRun(live)];
  for (let value = 1; value <= 4; value++) {
    const run_id = ids[value % 2];
    await ok("runs/log-metric", { run_id, key: "m", value, timestamp: value, step: value });
    const { runs } = await ok("runs/search", { experiment_ids: [live], filter: `metrics.m = ${value}` });
    expect(runs.map((run: Json) => run.info.run_id)).toEqual([run_id]);
    const best = await ok("runs/search", { experiment_ids: [live], order_by: ["metrics.m DESC"], max_results: 1 });
    expect(best.runs[0].data.metrics).toEqual([{ key: "m", value, timestamp: value, step: value }]);
  }
  const { results } = await env.DB.prepare("SELECT hot FROM runs WHERE experiment_id = ?").bind(live).all();
  expect(results).toEqual([{ hot: 1 }, { hot: 1 }]);
});
