/** Telling those who look at a run or its experiment of alerts that opened or changed. */
import { getTableColumns, sql } from "drizzle-orm";
import { alerts } from "../db/schema";
import type { Env } from "../env";
import { withLog } from "../metrics/run-logs";
import { tellFeed } from "../tracking/tell-feed";
import { type AlertRow, wireAlert } from "./alert-wire";

/** An alert, and whether someone may be watching its experiment and its run: 0 or 1, null for what is gone. */
export type ChangedAlert = AlertRow & { feedWatched: number | null; runWatched: number | null };

/** The columns of a ChangedAlert; the names are spelt out as Drizzle leaves out the table of its columns. */
export const CHANGED_ALERT = {
  ...getTableColumns(alerts),
  feedWatched: sql<number | null>`(SELECT e.watched FROM experiments e WHERE e.experiment_id = alerts.experiment_id)`,
  runWatched: sql<number | null>`(SELECT r.watched FROM runs r WHERE r.run_id = alerts.run_id)`,
};

/** Tells of alerts in the background, and calls nobody where nobody looks. Never fails: feeds are a convenience. */
export function tellViewers(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  changed: readonly ChangedAlert[],
): void {
  for (const row of changed) {
    if (row.feedWatched) tellFeed(env, ctx, row.experimentId, { change: "alert_changed", alert: wireAlert(row) });
  }
  const watched = Map.groupBy(
    changed.filter(({ runWatched }) => runWatched),
    ({ runId }) => runId,
  );
  for (const [runId, rows] of watched) {
    const told = withLog(env, runId, (log) => log.announceAlerts(runId, rows.map(wireAlert)));
    ctx.waitUntil(told.catch((error) => console.error(`telling the viewers of run ${runId} failed`, error)));
  }
}
