import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { LifecycleStage } from "./experiments";

export type LoggedModelStatus =
  | "LOGGED_MODEL_STATUS_UNSPECIFIED"
  | "LOGGED_MODEL_PENDING"
  | "LOGGED_MODEL_READY"
  | "LOGGED_MODEL_UPLOAD_FAILED";

/** Times in ms since 1970. */
export const loggedModels = sqliteTable(
  "logged_models",
  {
    modelId: text("model_id").primaryKey(),
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    artifactUri: text("artifact_uri").notNull(),
    status: text().$type<LoggedModelStatus>().notNull(),
    statusMessage: text("status_message"),
    modelType: text("model_type").notNull(),
    sourceRunId: text("source_run_id").notNull(),
    creationTime: integer("creation_time").notNull(),
    lastUpdateTime: integer("last_update_time").notNull(),
    lifecycleStage: text("lifecycle_stage").$type<LifecycleStage>().notNull().default("active"),
  },
  (t) => [
    // Listing an experiment's models, newest first.
    index("logged_models_by_creation").on(t.experimentId, t.lifecycleStage, sql`${t.creationTime} DESC`, t.modelId),
    // The models deleted longest ago, which are removed for good first.
    index("logged_models_deleted").on(t.lastUpdateTime).where(sql`${t.lifecycleStage} = 'deleted'`),
  ],
);

export const loggedModelParams = sqliteTable(
  "logged_model_params",
  { modelId: text("model_id").notNull(), key: text().notNull(), value: text().notNull() },
  (t) => [primaryKey({ columns: [t.modelId, t.key] })],
);

export const loggedModelTags = sqliteTable(
  "logged_model_tags",
  { modelId: text("model_id").notNull(), key: text().notNull(), value: text().notNull() },
  (t) => [primaryKey({ columns: [t.modelId, t.key] })],
);

/** Observations logged with a model id. They are few (evaluations), so a row each; a NaN is value 0 with is_nan 1. */
export const loggedModelMetrics = sqliteTable(
  "logged_model_metrics",
  {
    modelId: text("model_id").notNull(),
    key: text().notNull(),
    timestamp: integer().notNull(),
    step: integer().notNull(),
    value: real().notNull(),
    isNan: integer("is_nan").notNull(),
    runId: text("run_id").notNull(),
    datasetName: text("dataset_name").notNull().default(""),
    datasetDigest: text("dataset_digest").notNull().default(""),
    experimentId: text("experiment_id").notNull(),
  },
  (t) => [
    primaryKey({
      columns: [t.modelId, t.key, t.timestamp, t.step, t.runId, t.datasetName, t.datasetDigest, t.value, t.isNan],
    }),
  ],
);
