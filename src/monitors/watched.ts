/** One monitor of a run as its log keeps it: its row, how far it is, and what it tells. */
import type { Columns } from "../metrics/block";
import { type AlertChange, alertId } from "./alert-store";
import type { WatchedRow } from "./definition";
import { Evaluator, type Transition } from "./evaluate";
import { sentence } from "./monitor";

export interface Watched {
  row: WatchedRow;
  evaluator: Evaluator;
  alertId: string | undefined;
  openedTime: number;
  /** Whether its filter holds of the run. */
  isOn: boolean;
  isReady: boolean;
  /** The run it is compared with, and when that was read. */
  baseline: { runId: string | undefined; readAt: number };
}

export function watched(row: WatchedRow): Watched {
  const { alert } = row;
  const state = alert && { isFiring: alert.state === "firing", changedAt: alert };
  return {
    row,
    evaluator: new Evaluator(row.definition.rule, state ?? undefined),
    alertId: alert?.alert_id,
    openedTime: alert?.opened_time ?? 0,
    isOn: filterOfScope(row) === "",
    isReady: false,
    baseline: { runId: undefined, readAt: 0 },
  };
}

/** The filter that runs of a monitor's scope have to match; empty for all. */
export function filterOfScope({ definition: { scope } }: WatchedRow): string {
  return "experiment_id" in scope ? (scope.filter ?? "") : "";
}

/**
 * Fills the windows of a monitor with the past of its run. What came before it was made, or before its last alert changed,
 * has been judged or never will be.
 */
export function fill({ evaluator, row, isOn }: Watched, past: Columns, tell: (found: Transition) => void): void {
  for (let i = 0; i < past.values.length; i++) {
    const timestamp = past.timestamps[i] as number;
    const isOld = timestamp < row.updated_time || evaluator.hasJudged(timestamp, past.steps[i] as number);
    if (isOn && !isOld) evaluator.judge(past, i, i + 1, tell);
    else evaluator.remember(past, i, i + 1);
  }
}

/** A change of a monitor's alert as it is written and told. `address` is the server's own, if it knows it. */
export function changeOf(
  one: Watched,
  { kind, at, evidence }: Transition,
  { runId, address }: { runId: string; address: string | undefined },
): AlertChange {
  const { row } = one;
  const isNew = kind === "fire" || one.alertId === undefined;
  const id = isNew || one.alertId === undefined ? alertId(row.monitor_id, runId, at) : one.alertId;
  if (isNew) one.openedTime = Date.now();
  one.alertId = id;
  const { rule, severity } = row.definition;
  return {
    kind,
    targets: row.targets,
    isMuted: row.muted_until > Date.now(),
    news: {
      alert_id: id,
      ...(kind === "resolve" ? { state: "resolved", resolution: "recovered" } : { state: "firing" }),
      monitor_id: row.monitor_id,
      name: row.name,
      sentence: sentence(rule),
      severity,
      experiment_id: row.experiment_id,
      run_id: runId,
      run_name: row.run_name,
      metric: rule.metric,
      opened_time: one.openedTime,
      at,
      evidence,
      ...monitorLink(address, row.monitor_id),
    },
  };
}

/** Where the page shows a monitor; nothing where the server does not know its own address. */
export const monitorLink = (address: string | undefined, monitorId: string): { link?: string } =>
  address ? { link: `${address.replace(/\/$/, "")}/#/monitors/${monitorId}` } : {};
