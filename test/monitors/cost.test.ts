/** What monitors and alerts cost the database: no table that grows is scanned, and rows are written as documented. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { database } from "../../src/db/client";
import type { Env } from "../../src/env";
import { readRunState } from "../../src/metrics/run-state";
import { type AlertChange, writeChanges } from "../../src/monitors/alert-store";
import { endAlerts } from "../../src/monitors/ended";
import { findSilence } from "../../src/monitors/silence";
import { followAlias, hotRuns } from "../../src/monitors/store";
import { type Json, plansOf } from "../tracking/helpers";
import { newMonitor, place } from "./helpers";

const RUNS = 500;

interface Statement {
  sql: string;
  args: unknown[];
}

/** A database that notes what it is asked, and the rows that are written in batches. */
function spy(): { spied: Env; statements: Statement[]; written: () => number } {
  const statements: Statement[] = [];
  let rows = 0;
  const prepare = (sql: string) => {
    const noted: Statement = { sql, args: [] };
    statements.push(noted);
    const statement = env.DB.prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...args: unknown[]) => {
      noted.args = args;
      return bind(...args);
    };
    return statement;
  };
  const batch = async (all: D1PreparedStatement[]) => {
    const results = await env.DB.batch(all);
    for (const { meta } of results) rows += meta.rows_written;
    return results;
  };
  const DB = { prepare, batch } as unknown as D1Database;
  return { spied: { ...env, DB }, statements, written: () => rows };
}

/** What a call of the API asks. */
async function asked(method: string, path: string, body?: Json): Promise<Statement[]> {
  const { spied, statements } = spy();
  const init = { method, ...(body ? { body: JSON.stringify(body) } : {}) };
  const ctx = createExecutionContext();
  const answer = await createApp().fetch(new Request(`http://x/api/2.0/${path}`, init), spied, ctx);
  expect(answer.status, `${path}: ${await answer.text()}`).toBe(200);
  return statements;
}

/** The steps that read all there is of a table that grows; there are never many monitors, and few alerts fire. */
async function scansOf(statements: Statement[], isBounded = /^SCAN (m|monitors)\b/): Promise<string[]> {
  const steps = await plansOf(statements);
  return steps.filter(
    (step) =>
      /^SCAN (?!(json_each|firing|CONSTANT ROW|\(subquery))/.test(step) &&
      !isBounded.test(step) &&
      !/USING (COVERING )?INDEX (alerts_firing|alerts_by_time|runs_hot)/.test(step),
  );
}

beforeAll(async () => {
  const n = JSON.stringify(Array.from({ length: RUNS }, (_, i) => i));
  const insert = (sql: string) => env.DB.prepare(`${sql} FROM json_each(?1)`).bind(n);
  await env.DB.batch([
    insert(`INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
      SELECT 'r' || value, '0', 'r', '', iif(value % 2, 'RUNNING', 'FINISHED'), value, ''`),
    insert(`INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
      SELECT 'r' || value, 'loss', value, 1, 2, '0'`),
    insert(`INSERT INTO monitors SELECT 'm' || value, 'r:r' || value, '0', '', 'loss', 'threshold',
      '{"scope":{"run_id":"r' || value || '"},"severity":"info","rule":{"metric":"loss","condition":{"type":"threshold","value":1},"direction":"min","window":{"points":1},"aggregate":"last","consecutive":1}}',
      '[]', 1, 0, 1, 0, 0`),
    insert(`INSERT INTO alerts (alert_id, monitor_id, run_id, experiment_id, name, metric, sentence, severity, state, evidence,
        opened_time, opened_step, opened_timestamp, changed_step, changed_timestamp, change_id)
      SELECT 'a' || value, 'm' || value, 'r' || value, '0', '', 'loss', '', 'info', iif(value % 100, 'resolved', 'firing'), '{}',
        value, 0, 0, 0, 0, ''`),
  ]);
});

describe("no table that grows is scanned by", () => {
  it.each([
    "monitors",
    "monitors?experiment_id=0",
    "monitors?run_id=r1",
    "monitors/m1",
    "alerts",
    "alerts?state=firing",
    "alerts?state=resolved",
    "alerts?experiment_id=0&state=firing",
    "alerts?run_id=r1",
    "alerts?monitor_id=m1&state=resolved",
    "alerts?unacknowledged=true&page_token=400.0.a400",
    "alerts/a1",
  ])("GET %s", async (path) => {
    expect(await scansOf(await asked("GET", `tidemark/${path}`))).toEqual([]);
  });

  it.each<[string, string, Json | undefined]>([
    ["POST", "tidemark/alerts/a1/acknowledge", { by: "ana" }],
    ["POST", "tidemark/alerts/a100/resolve", undefined],
    ["PATCH", "tidemark/monitors/m2", { severity: "critical" }],
    ["DELETE", "tidemark/monitors/m3", undefined],
  ])("%s %s", async (method, path, body) => {
    expect(await scansOf(await asked(method, path, body))).toEqual([]);
  });

  it("a log that reads its monitors", async () => {
    const { spied, statements } = spy();
    await readRunState(spied.DB, "r5");
    expect(await scansOf(statements, /^$/)).toEqual([]);
  });

  it("an alias that moves, and the logs to tell of it", async () => {
    const { spied, statements } = spy();
    const db = database(spied.DB);
    await followAlias(db, { model: "m", alias: "champion" }, Date.now());
    await followAlias(db, { model: "m" }, Date.now());
    await hotRuns(db, ["m:m@champion", "e:0", "r:r1"], 10);
    expect(statements).toHaveLength(7);
    expect(await scansOf(statements)).toEqual([]);
  });

  it("the clock", async () => {
    const { experiment } = await place();
    await newMonitor({ scope: { experiment_id: experiment }, condition: { type: "silence", minutes: 5 } });
    const { spied, statements } = spy();
    const ctx = createExecutionContext();
    await findSilence(spied, ctx, Date.now());
    await endAlerts(spied, ctx);
    expect(statements.length).toBeGreaterThanOrEqual(4);
    expect(await scansOf(statements)).toEqual([]);
  });
});

describe("rows written", () => {
  const change = (kind: AlertChange["kind"], url?: string): AlertChange => ({
    kind,
    targets: url ? [{ format: "json", url }] : [],
    isMuted: false,
    news: {
      alert_id: url ?? "quiet",
      state: kind === "resolve" ? "resolved" : "firing",
      monitor_id: "m7",
      name: "",
      sentence: "loss is above 1",
      severity: "info",
      experiment_id: "0",
      run_id: "r7",
      run_name: "r",
      metric: "loss",
      opened_time: 1,
      at: { step: 1, timestamp: 1, value: 2 },
      evidence: {
        value: 2,
        limit: 1,
        window: { points: 1, from_step: 1, to_step: 1, from_timestamp: 1, to_timestamp: 1 },
        values: [2],
      },
    },
  });

  const write = async (one: AlertChange): Promise<number> => {
    const { spied, written } = spy();
    await writeChanges(spied, { waitUntil: () => undefined }, [one]);
    return written();
  };

  it("by an alert and its end, and by none that is written again", async () => {
    expect(await write(change("fire"))).toBe(6);
    expect(await write(change("fire"))).toBe(0);
    expect(await write(change("resolve"))).toBe(1);
    expect(await write(change("resolve"))).toBe(0);
    expect(await write(change("reopen"))).toBe(2);
  });

  it("by what is told", async () => {
    const url = "https://cost.example.com/";
    expect(await write(change("fire", url))).toBe(6 + 2);
    expect(await write(change("fire", url))).toBe(0);
    expect(await write(change("resolve", url))).toBe(1 + 2);
  });
});
