/** What monitors name, looked up in D1: whether a filter holds of a run, and which run is a baseline. */
import { runStatements } from "../db/statements";
import { BASELINE_TAG } from "../page/direction";
import { Params, type Statement } from "../search/conditions";
import { filterOf } from "../search/filter";
import { RUNS } from "../search/kinds/runs";
import { runCondition } from "../tracking/run-filter";
import type { Baseline, Span } from "./monitor";

export type OtherRun = Exclude<Baseline, { trailing: Span }>;

/** One question; the answer is a text, or null for no. */
export type Question = Statement;

/** Whether a filter holds of a run. Errors: 400 for a filter that is none. */
export function filterQuestion(filter: string, runId: string): Question {
  const params = new Params();
  const parsed = filterOf(RUNS, filter);
  const condition = parsed ? runCondition(parsed, params) : "1";
  return params.statement(
    `SELECT r.run_id AS answer FROM runs r WHERE r.run_id = ${params.bind(runId)} AND ${condition}`,
  );
}

/** The id of the run a baseline names. */
export function baselineQuestion(baseline: OtherRun, experimentId: string): Question {
  if ("run_id" in baseline) return { sql: "SELECT ?1 AS answer", values: [baseline.run_id] };
  if ("model" in baseline) {
    return {
      sql: `SELECT v.run_id AS answer FROM registered_models g
        JOIN registered_model_aliases a ON a.model_id = g.model_id AND a.alias = ?2
        JOIN model_versions v ON v.model_id = a.model_id AND v.version = a.version
        WHERE g.workspace = 'default' AND g.name = ?1`,
      values: [baseline.model, baseline.alias],
    };
  }
  return {
    sql: "SELECT value AS answer FROM experiment_tags WHERE experiment_id = ?1 AND key = ?2",
    values: [experimentId, BASELINE_TAG],
  };
}

/** The answers, in one trip; none for no questions. */
export async function askAll(d1: D1Database, questions: readonly Question[]): Promise<(string | undefined)[]> {
  if (questions.length === 0) return [];
  const answers = await runStatements(d1, questions);
  return answers.map((rows) => (rows as { answer: string | null }[])[0]?.answer ?? undefined);
}
