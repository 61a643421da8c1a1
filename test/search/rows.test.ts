import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Json, newExperiment, ok, spied } from "../tracking/helpers";

/** The same runs few and many times over: what a page of them costs must not follow their number. */
const FEW = 10_000;
const MANY = 40_000;
const PAGE = 100;

let few: string;
let many: string;

beforeAll(async () => {
  few = await experimentOf(FEW, "f");
  many = await experimentOf(MANY, "m");
});

async function experimentOf(count: number, prefix: string): Promise<string> {
  const experiment = await newExperiment();
  const insert = (sql: string) =>
    env.DB.prepare(
      `WITH RECURSIVE j(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM j WHERE n < ${count - 1})
       ${sql.replace("ID", `printf('${prefix}%06d', n)`)} FROM j`,
    ).bind(experiment);
  await env.DB.batch([
    insert(`INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
      SELECT ID, ?1, 'r', '', 'FINISHED', n, ''`),
    insert(`INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
      SELECT ID, 'loss', (n * 7919 % 100003) / 100003.0, 0, 0, ?1`),
    insert(`INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
      SELECT ID, 'coarse', n % 3, 0, 0, ?1`),
    insert("INSERT INTO params (run_id, key, value, experiment_id) SELECT ID, 'optimizer', 'o' || (n % 4), ?1"),
    insert("INSERT INTO tags (run_id, key, value, experiment_id) SELECT ID, 'team', 'team ' || (n % 5), ?1"),
  ]);
  return experiment;
}

/** Rows that D1 says it read for a search, summed over its statements. */
async function rowsRead(experiment: string, request: Json): Promise<number> {
  const asked = { experiment_ids: [experiment], max_results: PAGE, ...request };
  const { answer, statements } = await spied("runs/search", asked);
  expect(answer.runs).toHaveLength(asked.max_results);
  const results = await env.DB.batch(statements.map(({ sql, args }) => env.DB.prepare(sql).bind(...args)));
  return results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
}

/**
 * `perRun` is how many rows may be read for each run of the page: its own, those looked at before it was found, and for a
 * filter with several comparisons up to 5,000 of each, counted to tell which of them leads to few.
 */
test.each<[string, Json, number]>([
  ["by start time", {}, 12],
  ["by start time, 1,000 at once", { max_results: 1000 }, 12],
  ["a tag that is absent", { filter: "tags.reviewed IS NULL" }, 40],
  ["a pattern", { filter: "tags.team LIKE '%m 3'" }, 60],
  [
    "metric, param and tag, by the metric",
    { filter: "metrics.loss < 0.99 AND params.optimizer = 'o1' AND tags.team = 'team 2'", order_by: ["metrics.loss"] },
    250,
  ],
])("%s: rows read follow the page, not the number of runs", async (_, request, perRun) => {
  const [little, much] = [await rowsRead(few, request), await rowsRead(many, request)];
  expect(much / (request.max_results ?? PAGE)).toBeLessThan(perRun);
  expect(much).toBeLessThan(little * 2);
});

/** Ids that a plain statement finds, which looks at every run. */
async function plainIds(experiment: string, where: string, order: string): Promise<unknown[]> {
  const { results } = await env.DB.prepare(
    `SELECT r.run_id AS id FROM runs r
       LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = 'loss'
       LEFT JOIN latest_metrics c ON c.run_id = r.run_id AND c.key = 'coarse'
       LEFT JOIN params p ON p.run_id = r.run_id AND p.key = 'optimizer'
       LEFT JOIN tags t ON t.run_id = r.run_id AND t.key = 'team'
     WHERE r.experiment_id = ? AND ${where} ORDER BY ${order} LIMIT ${PAGE * 2}`,
  )
    .bind(experiment)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

test.each<[string, Json, string, string]>([
  [
    "a metric with few values",
    { filter: "params.optimizer = 'o1' AND tags.team != 'team 4'", order_by: ["metrics.coarse DESC"] },
    "p.value = 'o1' AND t.value <> 'team 4'",
    "c.value DESC, r.start_time DESC",
  ],
  [
    "a metric and a pattern",
    { filter: "tags.team LIKE '%m 3'", order_by: ["metrics.loss"] },
    "t.value = 'team 3'",
    "m.value, r.start_time DESC",
  ],
  [
    "a param with few values, downwards",
    { filter: "metrics.loss > 0.3 AND tags.team LIKE '%m 3'", order_by: ["params.optimizer DESC"] },
    "m.value > 0.3 AND t.value = 'team 3'",
    "p.value DESC, r.start_time DESC",
  ],
  [
    "a choice",
    { filter: "(params.optimizer = 'o1' OR metrics.loss < 0.01) AND tags.team = 'team 1'", order_by: ["end_time"] },
    "(p.value = 'o1' OR m.value < 0.01) AND t.value = 'team 1'",
    "r.start_time DESC",
  ],
  [
    "a choice of hardly any",
    { filter: "params.optimizer = 'none' OR metrics.loss < 0.001 OR tags.team = 'none'" },
    "m.value < 0.001",
    "r.start_time DESC",
  ],
])("%s: pages of many runs are those of a plain statement", async (_, request, where, order) => {
  const asked = { experiment_ids: [many], max_results: PAGE, ...request };
  const first = await ok("runs/search", asked);
  const token = first.next_page_token;
  const second = token ? await ok("runs/search", { ...asked, page_token: token }) : {};
  const ids = [...first.runs, ...(second.runs ?? [])].map((run: Json) => run.info.run_id);
  expect(ids).toEqual(await plainIds(many, where, order));
});
