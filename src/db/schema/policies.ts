import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Standards that a team keeps (src/policies). `experiments` is the pattern of the names it is for, `rules` JSON. They are few,
 * and read all together. Times in ms since 1970.
 */
export const policies = sqliteTable("policies", {
  policyId: text("policy_id").primaryKey(),
  name: text().notNull(),
  mode: text().$type<"reject" | "warn">().notNull(),
  enabled: integer().notNull(),
  experiments: text().notNull(),
  rules: text().notNull(),
  createdTime: integer("created_time").notNull(),
  updatedTime: integer("updated_time").notNull(),
});
