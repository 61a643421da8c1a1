/** The alerts that fire and the monitors of experiments, from D1: a bounded number of rows, each through an index. */

/** Alerts that fire are counted up to this number; the newest of them are looked at. */
export const FIRING_COUNTED = 1000;
/** Alerts shown; the rest are counted. */
const SHOWN = 8;

export interface FiringRow {
  alert_id: string;
  monitor_id: string;
  run_id: string;
  experiment_id: string;
  name: string;
  metric: string;
  sentence: string;
  severity: "info" | "warning" | "critical";
  /** JSON, see Evidence. */
  evidence: string;
  opened_time: number;
  muted: number;
  acknowledged_time: number | null;
  acknowledged_by: string | null;
  run_name: string | null;
  experiment_name: string | null;
  hot: number | null;
  /** The monitor's, as JSON; null where it is gone. */
  definition: string | null;
  /** How many fire in all, up to one more than are counted. */
  total: number;
}

export interface FiringNow {
  /** Those that nobody has seen first, then the gravest, then the newest. */
  alerts: FiringRow[];
  /** Monitors that fire, by experiment. */
  monitors: { experiment_id: string; firing: number }[];
  /** When any alert was opened last, ms since 1970. */
  lastFired: number | undefined;
  /** There are monitors. */
  isWatched: boolean;
}

/** The condition is spelt as the partial index has it. */
const NEWEST = (columns: string) => `SELECT ${columns} FROM alerts INDEXED BY alerts_firing
  WHERE state = 'firing' ORDER BY opened_time DESC LIMIT ${FIRING_COUNTED + 1}`;

const ORDER = (table: string) => `${table}.acknowledged_time IS NOT NULL, ${table}.muted,
  CASE ${table}.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, ${table}.opened_time DESC, ${table}.alert_id`;

export async function firingNow(d1: D1Database): Promise<FiringNow> {
  const [alerts, monitors, last, watched] = await d1.batch<Record<string, unknown>>(
    [
      `SELECT a.alert_id, a.monitor_id, a.run_id, a.experiment_id, a.name, a.metric, a.sentence, a.severity, a.evidence,
         a.opened_time, a.muted, a.acknowledged_time, a.acknowledged_by, r.name AS run_name, e.name AS experiment_name,
         r.hot, m.definition, n.total
       FROM (
         SELECT f.alert_id, count(*) OVER () AS total
         FROM (${NEWEST("alert_id, opened_time, severity, muted, acknowledged_time")}) f
         ORDER BY ${ORDER("f")} LIMIT ${SHOWN}) n
       CROSS JOIN alerts a ON a.alert_id = n.alert_id
       LEFT JOIN runs r ON r.run_id = a.run_id
       LEFT JOIN experiments e ON e.experiment_id = a.experiment_id
       LEFT JOIN monitors m ON m.monitor_id = a.monitor_id
       ORDER BY ${ORDER("a")}`,
      `SELECT f.experiment_id, count(DISTINCT f.monitor_id) AS firing
       FROM (${NEWEST("experiment_id, monitor_id")}) f GROUP BY f.experiment_id`,
      "SELECT opened_time FROM alerts INDEXED BY alerts_by_time ORDER BY opened_time DESC LIMIT 1",
      "SELECT 1 FROM monitors LIMIT 1",
    ].map((sql) => d1.prepare(sql).bind()),
  );
  return {
    alerts: (alerts?.results ?? []) as unknown as FiringRow[],
    monitors: (monitors?.results ?? []) as unknown as FiringNow["monitors"],
    lastFired: (last?.results[0] as { opened_time: number } | undefined)?.opened_time,
    isWatched: (watched?.results.length ?? 0) > 0,
  };
}

export interface MonitorCount {
  experiment_id: string;
  total: number;
  /** Switched off, or telling nobody at the moment. */
  muted: number;
}

/** How many monitors some experiments and their runs have. */
export async function monitorCounts(d1: D1Database, ids: readonly string[], now: number): Promise<MonitorCount[]> {
  const { results } = await d1
    .prepare(
      `SELECT m.experiment_id, count(*) AS total, sum(m.muted_until > ?2 OR m.enabled = 0) AS muted
       FROM json_each(?1) e CROSS JOIN monitors m INDEXED BY monitors_by_experiment ON m.experiment_id = e.value
       GROUP BY m.experiment_id`,
    )
    .bind(JSON.stringify(ids), now)
    .all<Record<string, unknown>>();
  return results as unknown as MonitorCount[];
}
