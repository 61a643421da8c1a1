import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The observation with the largest (step, timestamp, value) of each key. A NaN is value 0 with is_nan 1. */
export const latestMetrics = sqliteTable(
  "latest_metrics",
  {
    runId: text("run_id").notNull(),
    key: text().notNull(),
    value: real().notNull(),
    timestamp: integer().notNull(),
    step: integer().notNull(),
    isNan: integer("is_nan").notNull().default(0),
    experimentId: text("experiment_id").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.key] }),
    // Filters on a metric, and orderings by one: numbers first, NaN after them.
    index("latest_metrics_by_value").on(t.experimentId, t.key, t.isNan, t.value),
  ],
);

/**
 * Sealed history: a row holds observations of one key, sorted by (step, timestamp, value), in blocks. The layout of
 * `directory` and `data` is in docs/storage.md. `position` is the log position the row was published at.
 */
export const metricChunks = sqliteTable(
  "metric_chunks",
  {
    runId: text("run_id").notNull(),
    key: text().notNull(),
    position: integer().notNull(),
    part: integer().notNull(),
    count: integer().notNull(),
    minStep: integer("min_step").notNull(),
    maxStep: integer("max_step").notNull(),
    minTimestamp: integer("min_timestamp").notNull(),
    maxTimestamp: integer("max_timestamp").notNull(),
    directory: text().notNull(),
    data: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.key, t.position, t.part] })],
);
