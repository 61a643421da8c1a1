import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Monitors (src/monitors). `scope` is what a run looks itself up by: `e:<experiment>`, `r:<run>` or `m:<model>@<alias>`;
 * `experiment_id` that of the scope, empty for a model. `definition` is the monitor as JSON, `targets` whom it tells, with
 * sealed secrets. Times in ms since 1970.
 */
export const monitors = sqliteTable(
  "monitors",
  {
    monitorId: text("monitor_id").primaryKey(),
    scope: text().notNull(),
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    metric: text().notNull(),
    kind: text().notNull(),
    definition: text().notNull(),
    targets: text().notNull(),
    enabled: integer().notNull(),
    mutedUntil: integer("muted_until").notNull().default(0),
    /** Goes up with each change of what the rules look at: logs then begin anew with it. */
    version: integer().notNull().default(1),
    createdTime: integer("created_time").notNull(),
    updatedTime: integer("updated_time").notNull(),
  },
  (t) => [
    // The monitors of a run, which its log reads when it opens.
    index("monitors_by_scope").on(t.scope),
    // Those of an experiment and its runs: lists, and the end of the experiment.
    index("monitors_by_experiment").on(t.experimentId),
  ],
);

/**
 * Alerts and their evidence. The opening and the last change are told by the point that caused them (`*_step`,
 * `*_timestamp`) and by the clock (`*_time`, ms since 1970). `change_id` is of whoever wrote the last change, so that the
 * deliveries in the same transaction know whether it was theirs.
 */
export const alerts = sqliteTable(
  "alerts",
  {
    alertId: text("alert_id").primaryKey(),
    monitorId: text("monitor_id").notNull(),
    runId: text("run_id").notNull(),
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    metric: text().notNull(),
    sentence: text().notNull(),
    severity: text().notNull(),
    state: text().$type<"firing" | "resolved">().notNull(),
    evidence: text().notNull(),
    /** Why it ended: `recovered`, `ended` with its run, `monitor` changed or gone, or by `hand`. */
    resolution: text(),
    openedTime: integer("opened_time").notNull(),
    openedStep: integer("opened_step").notNull(),
    openedTimestamp: integer("opened_timestamp").notNull(),
    resolvedTime: integer("resolved_time"),
    changedStep: integer("changed_step").notNull(),
    changedTimestamp: integer("changed_timestamp").notNull(),
    reopened: integer().notNull().default(0),
    muted: integer().notNull().default(0),
    acknowledgedTime: integer("acknowledged_time"),
    acknowledgedBy: text("acknowledged_by"),
    note: text(),
    changeId: text("change_id").notNull(),
  },
  (t) => [
    // A run's alerts, and the last one of each monitor, from which its log goes on.
    index("alerts_by_run").on(t.runId, t.monitorId, t.openedTime),
    // Lists, the newest first: of an experiment, of a monitor, of all, of those that fire.
    index("alerts_by_experiment").on(t.experimentId, t.openedTime),
    index("alerts_by_monitor").on(t.monitorId, t.openedTime),
    index("alerts_by_time").on(t.openedTime),
    index("alerts_firing").on(t.openedTime).where(sql`${t.state} = 'firing'`),
  ],
);
