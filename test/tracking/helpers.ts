import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { createApp } from "../../src/app";

const API = "http://tidemark/api/2.0/mlflow/";

// biome-ignore lint/suspicious/noExplicitAny: answers are read field by field, and each test says what it expects.
export type Json = Record<string, any>;
type Fetch = (request: Request) => Promise<Response> | Response;

const viaWorker: Fetch = (request) => SELF.fetch(request);

/** Calls the API and gives back status and body. */
export async function call(path: string, body?: Json, fetch = viaWorker): Promise<[number, Json]> {
  const init = body && {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  };
  const answer = await fetch(new Request(API + path, init));
  return [answer.status, await answer.json()];
}

/** Calls the API and expects it to go well. */
export async function ok(path: string, body?: Json, fetch = viaWorker): Promise<Json> {
  const [status, answer] = await call(path, body, fetch);
  expect(answer, `${path} answered ${status}`).not.toHaveProperty("error_code");
  expect(status).toBe(200);
  return answer;
}

/** Calls the API and expects a refusal of a status, a code and words. */
export async function refused(path: string, body: Json | undefined, status: number, code: string, words: string) {
  const [got, answer] = await call(path, body);
  expect([got, answer.error_code, answer.message]).toEqual([status, code, expect.stringContaining(words)]);
}

export const uniqueName = (): string => `e-${crypto.randomUUID()}`;

export const newExperiment = async (fields: Json = {}): Promise<string> =>
  (await ok("experiments/create", { name: uniqueName(), ...fields })).experiment_id;

export const newRun = async (experimentId: string, fields: Json = {}): Promise<string> =>
  (await ok("runs/create", { experiment_id: experimentId, ...fields })).run.info.run_id;

export const getRun = async (runId: string): Promise<Json> => (await ok(`runs/get?run_id=${runId}`)).run;

/** Params or tags of a run as an object. */
export const entries = (list: { key: string; value: string }[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

interface Statement {
  sql: string;
  args: unknown[];
}

export interface Spied {
  answer: Json;
  /** How often D1 was called: trips on the platform, fsyncs locally. */
  trips: number;
  rowsWritten: number;
  statements: Statement[];
}

/** Makes one call with a D1 that keeps count. */
export async function spied(path: string, body?: Json): Promise<Spied> {
  const bound = new WeakMap<D1PreparedStatement, Statement>();
  const result: Spied = { answer: {}, trips: 0, rowsWritten: 0, statements: [] };
  const noted = (results: D1Result[]) => {
    result.trips++;
    for (const { meta } of results) result.rowsWritten += meta.rows_written;
    return results;
  };
  const DB = {
    prepare: (sql: string) => ({
      bind(...args: unknown[]) {
        const statement = env.DB.prepare(sql).bind(...args);
        bound.set(statement, { sql, args });
        return statement;
      },
    }),
    async batch(statements: D1PreparedStatement[]) {
      result.statements.push(...statements.flatMap((statement) => bound.get(statement) ?? []));
      return noted(await env.DB.batch(statements));
    },
  };
  const app = createApp();
  const spying = { ...env, DB: DB as unknown as D1Database };
  result.answer = await ok(path, body, (request) => app.fetch(request, spying, createExecutionContext()));
  return result;
}

/** The plans of statements, a line a step. */
export async function plansOf(statements: Statement[]): Promise<string[]> {
  const plans = await env.DB.batch<{ detail: string }>(
    statements.map(({ sql, args }) => env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...args)),
  );
  return plans.flatMap(({ results }) => results.map(({ detail }) => detail));
}
