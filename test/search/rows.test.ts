import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Json, newExperiment, spied } from "../tracking/helpers";

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
