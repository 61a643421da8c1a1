/** Running runs whose metric has had no point for too long, and those that were silent and no longer are. */
import { runStatements } from "../db/statements";
import type { Env } from "../env";
import { eachBounded, withLog } from "../metrics/run-logs";
import { Params } from "../search/conditions";
import { filterOf } from "../search/filter";
import { RUNS } from "../search/kinds/runs";
import { runCondition } from "../tracking/run-filter";
import { type AlertChange, alertId, writeChanges } from "./alert-store";
import type { WatchedRow } from "./definition";
import { type Scope, sentence } from "./monitor";
import { monitorLink } from "./watched";

/** Running runs of one monitor that are looked at, the newest ones. */
const MAX_RUNS = 500;
const MINUTE = 60_000;

type SilenceRow = Omit<WatchedRow, "definition" | "targets" | "experiment_id" | "run_name" | "alert"> & {
  definition: string;
  targets: string;
};

interface SilentRun {
  run_id: string;
  run_name: string;
  experiment_id: string;
  hot: number;
  start_time: number;
  /** Of the newest published point. */
  timestamp: number | null;
  step: number | null;
  open: string | null;
  opened_time: number | null;
}

/** Fires and resolves what is due at `now` (ms since 1970). False where there is no monitor of silence. */
export async function findSilence(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, now: number): Promise<boolean> {
  const { results } = await env.DB.prepare(
    "SELECT monitor_id, version, name, definition, targets, muted_until, updated_time FROM monitors WHERE enabled = 1 AND kind = 'silence'",
  ).all<SilenceRow>();
  for (const row of results) {
    const changes: AlertChange[] = [];
    const definition = JSON.parse(row.definition) as WatchedRow["definition"];
    const runs = await runsOf(env, row.monitor_id, definition);
    await eachBounded(runs, async (run) => {
      const change = await judge(env, { ...row, definition, targets: JSON.parse(row.targets) }, run, now);
      if (change) changes.push(change);
    });
    for (let i = 0; i < changes.length; i += 20) await writeChanges(env, ctx, changes.slice(i, i + 20));
  }
  return results.length > 0;
}

type Silence = Pick<WatchedRow, "monitor_id" | "name" | "definition" | "targets" | "muted_until" | "updated_time">;

async function judge(env: Env, monitor: Silence, run: SilentRun, now: number): Promise<AlertChange | undefined> {
  const { rule, severity } = monitor.definition;
  if (rule.condition.type !== "silence") return undefined;
  const limit = rule.condition.minutes;
  let last = { step: run.step ?? 0, timestamp: Math.max(run.timestamp ?? 0, run.start_time) };
  const isLate = () => now - Math.max(last.timestamp, monitor.updated_time) > limit * MINUTE;
  // The database may lack the newest points; the log is asked only where that matters.
  if (run.hot && isLate()) {
    const { latest } = await withLog(env, run.run_id, (log) => log.latest());
    const point = latest.find(({ key }) => key === rule.metric);
    if (point && point.timestamp > last.timestamp) last = point;
  }
  const isSilent = isLate();
  if (isSilent === (run.open !== null)) return undefined;
  const value = (now - last.timestamp) / MINUTE;
  return {
    kind: isSilent ? "fire" : "resolve",
    targets: monitor.targets,
    isMuted: monitor.muted_until > now,
    news: {
      alert_id: run.open ?? alertId(monitor.monitor_id, run.run_id, last),
      ...(isSilent ? { state: "firing" } : { state: "resolved", resolution: "recovered" }),
      monitor_id: monitor.monitor_id,
      name: monitor.name,
      sentence: sentence(rule),
      severity,
      experiment_id: run.experiment_id,
      run_id: run.run_id,
      run_name: run.run_name,
      metric: rule.metric,
      opened_time: run.opened_time ?? now,
      at: { step: last.step, timestamp: last.timestamp, value },
      evidence: {
        value,
        limit,
        window: {
          points: 0,
          from_step: last.step,
          to_step: last.step,
          from_timestamp: last.timestamp,
          to_timestamp: now,
        },
        values: [],
      },
      ...monitorLink(env.TIDEMARK_PUBLIC_URL, monitor.monitor_id),
    },
  };
}

/** The running runs of a scope. */
async function runsOf(env: Env, monitorId: string, { scope, rule }: WatchedRow["definition"]): Promise<SilentRun[]> {
  const params = new Params();
  const sql = `
    SELECT r.run_id, r.name AS run_name, r.experiment_id, r.hot, r.start_time, m.timestamp, m.step, a.alert_id AS open, a.opened_time
    FROM runs r LEFT JOIN alerts a ON a.run_id = r.run_id AND a.monitor_id = ${params.bind(monitorId)} AND a.state = 'firing'
      LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = ${params.bind(rule.metric)}
    WHERE ${inScope(scope, params)} AND r.lifecycle_stage = 'active' AND r.status = 'RUNNING' LIMIT ${MAX_RUNS}`;
  const [rows] = await runStatements(env.DB, [params.statement(sql)]);
  return rows as SilentRun[];
}

function inScope(scope: Scope, params: Params): string {
  if ("run_id" in scope) return `r.run_id = ${params.bind(scope.run_id)}`;
  if ("model" in scope) {
    return `r.run_id = (SELECT v.run_id FROM registered_models g
      JOIN registered_model_aliases x ON x.model_id = g.model_id AND x.alias = ${params.bind(scope.alias)}
      JOIN model_versions v ON v.model_id = x.model_id AND v.version = x.version
      WHERE g.workspace = 'default' AND g.name = ${params.bind(scope.model)})`;
  }
  const filter = filterOf(RUNS, scope.filter);
  const matches = filter ? ` AND ${runCondition(filter, params)}` : "";
  return `r.experiment_id = ${params.bind(scope.experiment_id)}${matches}`;
}
