import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** The last number handed out for each kind of sequential id. */
export const counters = sqliteTable("counters", {
  name: text().primaryKey(),
  value: integer().notNull(),
});

export type LifecycleStage = "active" | "deleted";

/** Ids are decimal texts: file stores wrote 18 digits, beyond what a JavaScript number holds. Times in ms since 1970. */
export const experiments = sqliteTable(
  "experiments",
  {
    experimentId: text("experiment_id").primaryKey(),
    workspace: text().notNull().default("default"),
    name: text().notNull(),
    artifactLocation: text("artifact_location").notNull(),
    lifecycleStage: text("lifecycle_stage").$type<LifecycleStage>().notNull().default("active"),
    creationTime: integer("creation_time").notNull(),
    lastUpdateTime: integer("last_update_time").notNull(),
    /** 1 while someone may be looking at the list of runs live, who is then told of changes to it. */
    watched: integer().notNull().default(0),
  },
  (t) => [
    uniqueIndex("experiments_name").on(t.workspace, t.name),
    // Listing experiments, newest first, the default order of a search.
    index("experiments_by_creation").on(t.workspace, t.lifecycleStage, sql`${t.creationTime} DESC`),
    // The experiments deleted longest ago: a deleted one's last update is its deletion, as nothing else may change it.
    index("experiments_deleted").on(t.lastUpdateTime).where(sql`${t.lifecycleStage} = 'deleted'`),
  ],
);

export const experimentTags = sqliteTable(
  "experiment_tags",
  {
    experimentId: text("experiment_id").notNull(),
    key: text().notNull(),
    value: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.key] })],
);
