/** What the page's calls cost the database: each of their statements goes through an index, whatever the tables hold. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { plansOf } from "../tracking/helpers";

const TIDEMARK = "http://x/api/2.0/tidemark";

interface Statement {
  sql: string;
  args: unknown[];
}

/** What a call asks D1. */
async function statementsOf(path: string, body?: object): Promise<Statement[]> {
  const statements: Statement[] = [];
  const prepare = (sql: string) => ({
    bind(...args: unknown[]) {
      statements.push({ sql, args });
      return env.DB.prepare(sql).bind(...args);
    },
  });
  const DB = { prepare, batch: (all: D1PreparedStatement[]) => env.DB.batch(all) } as unknown as D1Database;
  const init = body && { method: "POST", body: JSON.stringify(body) };
  const answer = await createApp().fetch(new Request(TIDEMARK + path, init), { ...env, DB }, createExecutionContext());
  expect(answer.status, path).toBe(200);
  await answer.text();
  return statements;
}

describe("the page's statements", () => {
  beforeAll(async () => {
    const n = JSON.stringify(Array.from({ length: 50 }, (_, i) => i));
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
         SELECT 'r' || value, '0', 'r', '', 'FINISHED', value, '' FROM json_each(?1)`,
      ).bind(n),
      env.DB.prepare(
        `INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
         SELECT 'r' || value, 'val/auc', value, 1, 2, '0' FROM json_each(?1)`,
      ).bind(n),
      env.DB.prepare(
        "INSERT INTO params (run_id, key, value, experiment_id) SELECT 'r' || value, 'lr', value, '0' FROM json_each(?1)",
      ).bind(n),
      env.DB.prepare(
        `INSERT INTO monitors
         SELECT 'm' || value, 'e:0', '0', '', 'val/auc', 'threshold', '{}', '[]', 1, 0, 1, 0, 0 FROM json_each(?1)`,
      ).bind(n),
      env.DB.prepare(
        `INSERT INTO alerts (alert_id, monitor_id, run_id, experiment_id, name, metric, sentence, severity, state, evidence,
           opened_time, opened_step, opened_timestamp, changed_step, changed_timestamp, change_id)
         SELECT 'a' || value, 'm' || value, 'r' || value, '0', '', 'val/auc', '', 'critical', 'firing', '{"value":1,"limit":2}',
           value, 0, 0, 0, 0, '' FROM json_each(?1)`,
      ).bind(n),
    ]);
  });

  it.each([
    ["/home", undefined, 14],
    ["/experiments/0/keys", undefined, 7],
    ["/experiments/0/values?kind=param&key=lr", undefined, 1],
    ["/experiments/0/views", undefined, 2],
    ["/runs/table", { experiment_ids: ["0"], metrics: ["val/auc"], params: ["lr"], tags: ["x"] }, 3],
    ["/runs/table", { experiment_ids: ["0"], metrics: ["val/auc"], filter: "metrics.`val/auc` > 3" }, 4],
    ["/metrics/stats", { run_ids: ["r1", "r2"], keys: ["val/auc"] }, 4],
    ["/metrics/series?run_id=r1&key=val%2Fauc", undefined, 2],
  ])("of %s scan no table", async (path, body, atLeast) => {
    const statements = await statementsOf(path, body);
    expect(statements.length).toBeGreaterThanOrEqual(atLeast);
    // The search's own are looked at where it is tested.
    const steps = await plansOf(statements.filter(({ sql }) => !sql.includes("AS MATERIALIZED")));
    const tables =
      "runs|experiments|experiment_tags|latest_metrics|params|tags|metric_chunks|page_views|monitors|alerts|[acelmrtx]";
    // A walk along an index that its limit ends is a scan, too, and bounded.
    const scans = steps.filter(
      (step) =>
        new RegExp(`^SCAN (${tables})\\b`).test(step) &&
        !/VIRTUAL TABLE|INDEX (runs_hot|alerts_firing|alerts_by_time|monitors_by_experiment)/.test(step),
    );
    expect(scans).toEqual([]);
  });
});
