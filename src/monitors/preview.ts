/** What a monitor would have told: the same rules over stored history. */

import { runStatements } from "../db/statements";
import type { Env } from "../env";
import type { Columns } from "../metrics/block";
import { withHistories } from "../metrics/history-load";
import { Params } from "../search/conditions";
import { filterOf } from "../search/filter";
import { RUNS } from "../search/kinds/runs";
import { runCondition } from "../tracking/run-filter";
import { Evaluator, pastNeeded, type Standing, type Transition } from "./evaluate";
import { MAX_WINDOW_POINTS, otherRun, type Rule, type Scope } from "./monitor";
import { newestOf, newestPoints } from "./past";
import { askAll, baselineQuestion } from "./resolve";

/** Runs of a preview, the newest ones, and points of each that are judged, the newest ones. */
export const MAX_PREVIEW_RUNS = 50;
const MAX_POINTS = 100_000;
/** Alerts that a preview lists; all are counted. */
const MAX_LISTED = 200;

/** An alert as it would have been. */
export interface WouldBe {
  run_id: string;
  fired: Transition;
  resolved?: Transition;
  reopened: number;
}

export interface Preview {
  /** Alerts that would have fired, and those of them that would fire now. */
  fired: number;
  firing: number;
  /** Runs looked at, and points judged. */
  runs: number;
  points: number;
  alerts: WouldBe[];
  /** How the newest window of each run stands. */
  now: ({ run_id: string } & Standing)[];
}

/** Judges the points of a scope's runs from `since` (ms since 1970) on. */
export async function preview(env: Env, scope: Scope, rule: Rule, since: number): Promise<Preview> {
  const found = await runsOf(env, scope, rule.metric);
  const other = otherRun(rule.condition);
  const result: Preview = { fired: 0, firing: 0, runs: found.length, points: 0, alerts: [], now: [] };
  const compared = new Map<string, Columns>();
  for (const { run_id, experiment_id } of found) {
    const evaluator = new Evaluator(rule);
    if (other) {
      const [id] = await askAll(env.DB, [baselineQuestion(other, experiment_id)]);
      if (id !== undefined && id !== run_id) {
        const points = compared.get(id) ?? (await newestPoints(env, id, rule.metric, MAX_WINDOW_POINTS));
        compared.set(id, points);
        evaluator.compareWith(points);
      }
    }
    judge(evaluator, run_id, await historyOf(env, run_id, rule, since), since, result);
  }
  return result;
}

function judge(evaluator: Evaluator, runId: string, points: Columns, since: number, result: Preview): void {
  const { length } = points.values;
  const after = points.timestamps.findIndex((timestamp) => timestamp >= since);
  const from = after < 0 ? length : after;
  let open: WouldBe | undefined;
  evaluator.remember(points, 0, from);
  evaluator.judge(points, from, length, (transition) => {
    if (transition.kind === "fire") {
      open = { run_id: runId, fired: transition, reopened: 0 };
      result.fired++;
      if (result.alerts.length < MAX_LISTED) result.alerts.push(open);
    } else if (open) {
      if (transition.kind === "resolve") open.resolved = transition;
      else {
        delete open.resolved;
        open.reopened++;
      }
    }
  });
  result.points += length - from;
  if (length > 0) result.now.push({ run_id: runId, ...evaluator.now });
  if (evaluator.isFiring) result.firing++;
}

/** The points from `since` on, and before them what fills the windows, in order of time. */
async function historyOf(env: Env, runId: string, rule: Rule, since: number): Promise<Columns> {
  return await withHistories(env, [runId], rule.metric, async (histories, fetch) => {
    const pieces = (histories.get(runId)?.pieces ?? []).toSorted((a, b) => b.maxTimestamp - a.maxTimestamp);
    let before = pastNeeded(rule);
    let room = MAX_POINTS;
    const wanted = pieces.filter((piece) => {
      if (room <= 0 || (piece.maxTimestamp < since && before <= 0)) return false;
      room -= piece.count;
      if (piece.maxTimestamp < since) before -= piece.count;
      return true;
    });
    await fetch(wanted);
    return newestOf(wanted, MAX_POINTS);
  });
}

type Found = { run_id: string; experiment_id: string };

/** The newest runs of a scope that have the metric, or whose log may. */
async function runsOf(env: Env, scope: Scope, metric: string): Promise<Found[]> {
  const params = new Params();
  const has = `(r.hot = 1 OR EXISTS (
    SELECT 1 FROM latest_metrics x WHERE x.run_id = r.run_id AND x.key = ${params.bind(metric)}))`;
  const select = `SELECT r.run_id, r.experiment_id FROM runs r`;
  let where: string;
  if ("run_id" in scope) where = `r.run_id = ${params.bind(scope.run_id)}`;
  else if ("model" in scope) {
    where = `r.run_id = (SELECT v.run_id FROM registered_models g
      JOIN registered_model_aliases a ON a.model_id = g.model_id AND a.alias = ${params.bind(scope.alias)}
      JOIN model_versions v ON v.model_id = a.model_id AND v.version = a.version
      WHERE g.workspace = 'default' AND g.name = ${params.bind(scope.model)})`;
  } else {
    const filter = filterOf(RUNS, scope.filter);
    const matches = filter ? ` AND ${runCondition(filter, params)}` : "";
    where = `r.experiment_id = ${params.bind(scope.experiment_id)} AND r.lifecycle_stage = 'active'${matches}`;
  }
  const sql = `${select} WHERE ${where} AND ${has} ORDER BY r.start_time DESC, r.run_id LIMIT ${MAX_PREVIEW_RUNS}`;
  const [rows] = await runStatements(env.DB, [params.statement(sql)]);
  return rows as Found[];
}
