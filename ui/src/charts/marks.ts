/** What monitors and their alerts come to on charts; plain functions. */
import type { Alert, Monitor, Severity } from "../api/monitor-types";
import type { XKind } from "../api/tidemark";
import { formatTick } from "../lib/format";

/** A threshold as a chart draws it. */
export interface Limit {
  value: number;
  /** Where a breach lies. */
  side: "above" | "below";
  /** In a few words: "critical above 200". */
  label: string;
}

/** Whose aggregates are no values of the metric. */
const COUNTED: readonly string[] = ["count", "rate"];

/** The threshold of a monitor that is switched on; undefined where it has none to be drawn. */
export function limitOf({ enabled, condition, aggregate, direction, severity }: Monitor): Limit | undefined {
  if (!enabled || condition.type !== "threshold" || COUNTED.includes(aggregate)) return undefined;
  const side = direction === "max" ? "below" : "above";
  const what = aggregate === "last" ? "" : ` ${aggregate}`;
  return { value: condition.value, side, label: `${severity}${what} ${side} ${formatTick(condition.value)}` };
}

/** Whether a monitor looks at any of some runs; `matching` has, by filter, the runs it holds of. */
export function looksAt(
  { scope }: Monitor,
  runs: ReadonlySet<string>,
  matching: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  if ("run_id" in scope) return runs.has(scope.run_id);
  // The list of a run has those of its aliases only.
  if ("model" in scope) return true;
  if (!scope.filter) return true;
  const found = matching.get(scope.filter);
  return found !== undefined && [...runs].some((run) => found.has(run));
}

/** Where an alert stands on a chart's axis; undefined where that is not known. */
export function alertX(alert: Alert, kind: XKind, origin: number | undefined): number | undefined {
  if (kind === "step") return alert.opened_step;
  if (kind === "time") return alert.opened_timestamp;
  return origin === undefined ? undefined : alert.opened_timestamp - origin;
}

const GRAVITY: Record<Severity, number> = { critical: 2, warning: 1, info: 0 };

/** The gravest first; of equals the newest. */
export function gravestFirst(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => GRAVITY[b.severity] - GRAVITY[a.severity] || b.opened_time - a.opened_time);
}

/**
 * Of two states of one alert the later one: it fires, somebody has seen it, it ends, and may be opened again.
 */
export function laterOf(a: Alert, b: Alert): Alert {
  if (a.reopened !== b.reopened) return a.reopened > b.reopened ? a : b;
  if (a.state !== b.state) return a.state === "resolved" ? a : b;
  return (a.acknowledged_time ?? 0) > (b.acknowledged_time ?? 0) ? a : b;
}

/** Alerts as they were read and as they were told of since, the newest first. */
export function merged(read: readonly Alert[], told: ReadonlyMap<string, Alert>): Alert[] {
  const all = new Map(read.map((alert) => [alert.alert_id, alert]));
  for (const [id, alert] of told) {
    const known = all.get(id);
    all.set(id, known ? laterOf(alert, known) : alert);
  }
  return [...all.values()].sort((a, b) => b.opened_time - a.opened_time);
}

/** Marks at places too near to each other stand together. In order of place. */
export function clustered<T extends { left: number }>(marks: readonly T[], gap: number): T[][] {
  const groups: T[][] = [];
  for (const mark of [...marks].sort((a, b) => a.left - b.left)) {
    const last = groups[groups.length - 1];
    if (last?.[0] && mark.left - last[0].left < gap) last.push(mark);
    else groups.push([mark]);
  }
  return groups;
}
