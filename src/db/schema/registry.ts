import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export type Stage = "None" | "Staging" | "Production" | "Archived";

/** Prompts are registered models, too, told by a tag. Everything else names a model by its id, so that a rename is one row. */
export const registeredModels = sqliteTable(
  "registered_models",
  {
    modelId: integer("model_id").primaryKey(),
    workspace: text().notNull().default("default"),
    name: text().notNull(),
    description: text().notNull(),
    creationTime: integer("creation_time").notNull(),
    lastUpdatedTime: integer("last_updated_time").notNull(),
    /** The highest number handed out, also to versions that are deleted. */
    lastVersion: integer("last_version").notNull().default(0),
  },
  (t) => [uniqueIndex("registered_models_name").on(t.workspace, t.name)],
);

export const registeredModelTags = sqliteTable(
  "registered_model_tags",
  { modelId: integer("model_id").notNull(), key: text().notNull(), value: text().notNull() },
  (t) => [primaryKey({ columns: [t.modelId, t.key] })],
);

export const registeredModelAliases = sqliteTable(
  "registered_model_aliases",
  { modelId: integer("model_id").notNull(), alias: text().notNull(), version: integer().notNull() },
  (t) => [primaryKey({ columns: [t.modelId, t.alias] })],
);

/** Times in ms since 1970. Deleted versions leave no row: the model's counter keeps their numbers taken. */
export const modelVersions = sqliteTable(
  "model_versions",
  {
    modelId: integer("model_id").notNull(),
    version: integer().notNull(),
    creationTime: integer("creation_time").notNull(),
    lastUpdatedTime: integer("last_updated_time").notNull(),
    description: text(),
    stage: text().$type<Stage>().notNull().default("None"),
    source: text().notNull(),
    /** Where the files are: a source may name them by way of a logged model or another version. */
    storageLocation: text("storage_location").notNull(),
    runId: text("run_id").notNull(),
    runLink: text("run_link").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.modelId, t.version] }),
    // The versions of one model, those changed last first: the order of searches that ask for none.
    index("model_versions_by_update").on(t.modelId, sql`${t.lastUpdatedTime} DESC`, sql`${t.version} DESC`),
    // The same over all models.
    index("model_versions_recent").on(sql`${t.lastUpdatedTime} DESC`),
    // The versions that came from a run.
    index("model_versions_by_run").on(t.runId),
    // The latest version of a stage; of None it is near the end of the primary key.
    index("model_versions_staged").on(t.modelId, t.stage, t.version).where(sql`${t.stage} <> 'None'`),
  ],
);

export const modelVersionTags = sqliteTable(
  "model_version_tags",
  {
    modelId: integer("model_id").notNull(),
    version: integer().notNull(),
    key: text().notNull(),
    value: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.modelId, t.version, t.key] }),
    // Whether a model's versions are a prompt's, which every search of versions asks.
    index("model_versions_of_prompts")
      .on(t.modelId)
      .where(sql`${t.key} = 'mlflow.prompt.is_prompt' AND ${t.value} = 'true'`),
  ],
);
