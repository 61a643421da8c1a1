import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Addresses of the page kept with an experiment; those without a name are only reached by their id. Times in ms since 1970. */
export const pageViews = sqliteTable(
  "page_views",
  {
    experimentId: text("experiment_id").notNull(),
    viewId: text("view_id").notNull(),
    name: text().notNull(),
    address: text().notNull(),
    createdTime: integer("created_time").notNull(),
    updatedTime: integer("updated_time").notNull(),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.viewId] })],
);
