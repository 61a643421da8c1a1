/** An alert as the API and the feeds give it. Pure. */
import type { alerts } from "../db/schema";

export type AlertRow = typeof alerts.$inferSelect;

export type WireAlert = ReturnType<typeof wireAlert>;

/** Times in ms since 1970; doubles that JSON lacks are texts. */
export function wireAlert(row: AlertRow) {
  const isResolved = row.state === "resolved";
  return {
    alert_id: row.alertId,
    monitor_id: row.monitorId,
    name: row.name,
    sentence: row.sentence,
    severity: row.severity,
    state: row.state,
    experiment_id: row.experimentId,
    run_id: row.runId,
    metric: row.metric,
    opened_time: row.openedTime,
    opened_step: row.openedStep,
    opened_timestamp: row.openedTimestamp,
    ...(isResolved && row.resolvedTime !== null ? { resolved_time: row.resolvedTime } : {}),
    ...(isResolved && row.resolution === "recovered"
      ? { resolved_step: row.changedStep, resolved_timestamp: row.changedTimestamp }
      : {}),
    ...(isResolved && row.resolution !== null ? { resolution: row.resolution } : {}),
    reopened: row.reopened,
    muted: row.muted === 1,
    ...(row.acknowledgedTime === null ? {} : { acknowledged_time: row.acknowledgedTime }),
    ...(row.acknowledgedBy ? { acknowledged_by: row.acknowledgedBy } : {}),
    ...(row.note ? { note: row.note } : {}),
    evidence: JSON.parse(row.evidence) as object,
  };
}
