import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export type RemovalKind = "experiment" | "run" | "model";

/**
 * What was removed for good but still has something stored (src/retention): written in the transaction that takes its
 * own row away, gone with the last of its data. `hot` is the run's: its RunLog may hold something.
 */
export const removals = sqliteTable(
  "removals",
  {
    kind: text().$type<RemovalKind>().notNull(),
    id: text().notNull(),
    artifactUri: text("artifact_uri").notNull(),
    hot: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.kind, t.id] })],
);
