/** The alerts that fire as the first page shows them: what is wrong, where, since when, and how it goes on. */
import type { Env } from "../env";
import type { Definition } from "../monitors/definition";
import type { Rule } from "../monitors/monitor";
import { Window } from "../monitors/window";
import { wireDouble } from "../wire/json";
import { FIRING_COUNTED, type FiringNow, type FiringRow } from "./firing-store";
import { type RecentPoint, recentPoints } from "./recent";

/** Points read of a series: windows that are larger show what they held when the alert fired. */
const POINTS = 512;
/** Values of a spark. */
const SPARK_VALUES = 60;
const MINUTE = 60_000;

/** What the value of an alert is: the metric's, a statistic, or minutes without a point. */
export type Measure = "metric" | "psi" | "p" | "minutes";

interface Evidence {
  value: number | string;
  limit: number | string;
  statistic?: number | string;
  p_value?: number | string;
}

/** The part of the home call that tells of alerts; see docs/page-api.md. */
export async function firingPart(env: Env, { alerts, lastFired, isWatched }: FiringNow, now: number) {
  const total = alerts[0]?.total ?? 0;
  const points = await recentPoints(
    env,
    alerts.map(({ run_id, metric, hot }) => ({ run_id, key: metric, isHot: hot === 1 })),
    POINTS,
  );
  return {
    total: Math.min(total, FIRING_COUNTED),
    more: total > FIRING_COUNTED,
    watched: isWatched,
    last_fired: lastFired,
    alerts: alerts.map((row, i) => shown(row, points[i] ?? [], now)),
  };
}

function shown(row: FiringRow, points: readonly RecentPoint[], now: number) {
  const rule = row.definition === null ? undefined : (JSON.parse(row.definition) as Definition).rule;
  const { measure, value, limit } = standing(JSON.parse(row.evidence) as Evidence, rule, points, now);
  return {
    alert_id: row.alert_id,
    monitor_id: row.monitor_id,
    name: row.name,
    sentence: row.sentence,
    severity: row.severity,
    metric: row.metric,
    experiment_id: row.experiment_id,
    experiment_name: row.experiment_name ?? row.experiment_id,
    run_id: row.run_id,
    run_name: row.run_name ?? row.run_id,
    opened_time: row.opened_time,
    muted: row.muted === 1,
    ...(row.acknowledged_time === null ? {} : { acknowledged_time: row.acknowledged_time }),
    ...(row.acknowledged_by ? { acknowledged_by: row.acknowledged_by } : {}),
    measure,
    value: wireDouble(value),
    limit: wireDouble(limit),
    values: points.slice(-SPARK_VALUES).map((point) => wireDouble(point.value)),
  };
}

/** What is compared with what: as it is now where the points read tell, else as it was when the alert fired. */
export function standing(
  evidence: Evidence,
  rule: Rule | undefined,
  points: readonly RecentPoint[],
  now: number,
): { measure: Measure; value: number; limit: number } {
  const limit = Number(evidence.limit);
  if (rule?.condition.type === "drift") {
    const isPsi = rule.condition.test === "psi";
    const value = Number(isPsi ? evidence.statistic : evidence.p_value);
    return { measure: isPsi ? "psi" : "p", value, limit };
  }
  if (rule?.condition.type === "silence") {
    const last = points.at(-1);
    const value = last ? (now - last.timestamp) / MINUTE : Number(evidence.value);
    return { measure: "minutes", value, limit };
  }
  return { measure: "metric", value: (rule && aggregateOf(rule, points)) ?? Number(evidence.value), limit };
}

/** The aggregate of a rule's window, where the points fill it. */
function aggregateOf({ window, aggregate }: Rule, points: readonly RecentPoint[]): number | undefined {
  const held = new Window(window, aggregate);
  for (const { step, timestamp, value } of points) held.push(step, timestamp, value);
  return held.isFull ? held.value() : undefined;
}
