import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { LifecycleStage } from "./experiments";

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** Times in ms since 1970. The `hot` and `log_*` columns belong to the run's RunLog (src/metrics). */
export const runs = sqliteTable(
  "runs",
  {
    runId: text("run_id").primaryKey(),
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    userId: text("user_id").notNull(),
    status: text().$type<RunStatus>().notNull(),
    startTime: integer("start_time").notNull(),
    endTime: integer("end_time"),
    lifecycleStage: text("lifecycle_stage").$type<LifecycleStage>().notNull().default("active"),
    deletedTime: integer("deleted_time"),
    artifactUri: text("artifact_uri").notNull(),
    /** 1 while the run's RunLog may hold observations that D1 does not have yet. */
    hot: integer().notNull().default(0),
    /** The log position up to which everything is published. */
    logPosition: integer("log_position").notNull().default(0),
    /** Observations sealed, exact repeats dropped, and observations refused, up to the last publish. */
    logAccepted: integer("log_accepted").notNull().default(0),
    logDuplicate: integer("log_duplicate").notNull().default(0),
    logRejected: integer("log_rejected").notNull().default(0),
    /** 1 while someone may be looking at the run live, who is then told of changes to it. */
    watched: integer().notNull().default(0),
  },
  (t) => [
    // Listing an experiment's runs by start time, the default order of a search.
    index("runs_by_start").on(t.experimentId, t.lifecycleStage, sql`${t.startTime} DESC`, t.runId),
    // Filters on the status, in the default order: the few that failed, or still run.
    index("runs_by_status").on(t.experimentId, t.lifecycleStage, t.status, sql`${t.startTime} DESC`, t.runId),
    // The runs a search must ask for what is not published yet.
    index("runs_hot").on(t.experimentId).where(sql`${t.hot} = 1`),
    // The runs deleted longest ago, which are removed for good first.
    index("runs_deleted").on(t.deletedTime).where(sql`${t.deletedTime} IS NOT NULL`),
  ],
);

/** `experiment_id` stands beside each key so that an index can lead with it. */
export const params = sqliteTable(
  "params",
  {
    runId: text("run_id").notNull(),
    key: text().notNull(),
    value: text().notNull(),
    experimentId: text("experiment_id").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.key] }),
    // Filters on a param, and orderings by one.
    index("params_by_value").on(t.experimentId, t.key, t.value),
  ],
);

export const tags = sqliteTable(
  "tags",
  {
    runId: text("run_id").notNull(),
    key: text().notNull(),
    value: text().notNull(),
    experimentId: text("experiment_id").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.key] }),
    // Filters on a tag, and orderings by one.
    index("tags_by_value").on(t.experimentId, t.key, t.value),
  ],
);

/** A dataset is one of its experiment; the first metadata given for a name and digest stays. */
export const datasets = sqliteTable(
  "datasets",
  {
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    digest: text().notNull(),
    sourceType: text("source_type").notNull(),
    source: text().notNull(),
    schema: text(),
    profile: text(),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.name, t.digest] })],
);

/** Datasets a run used. `tags` is a JSON list of {key, value}; `context` repeats the tag mlflow.data.context. */
export const datasetInputs = sqliteTable(
  "dataset_inputs",
  {
    runId: text("run_id").notNull(),
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    digest: text().notNull(),
    context: text(),
    tags: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.name, t.digest] }),
    // Filters on a dataset.
    index("dataset_inputs_by_name").on(t.experimentId, t.name, t.digest, t.context),
  ],
);

/**
 * The datasets of an experiment with each context that runs named, empty for none: dataset_inputs without the runs, so
 * that the page's list of datasets is read without looking at every run. Rows go with their experiment.
 */
export const datasetUses = sqliteTable(
  "dataset_uses",
  {
    experimentId: text("experiment_id").notNull(),
    name: text().notNull(),
    digest: text().notNull(),
    context: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.name, t.digest, t.context] })],
);

/**
 * Models a run read (`kind` input), made (`kind` output, at `step`) or logged metrics to (`kind` metric: what leads from
 * a run that is removed for good to what it left with models); each once.
 */
export const runModels = sqliteTable(
  "run_models",
  {
    runId: text("run_id").notNull(),
    kind: text().$type<"input" | "output" | "metric">().notNull(),
    modelId: text("model_id").notNull(),
    step: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.runId, t.kind, t.modelId] })],
);
