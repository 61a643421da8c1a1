/** A table that holds something of runs, models or experiments must be cleaned of those that are removed. */
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { expect, it } from "vitest";
import * as schema from "../../src/db/schema";
import { CLEANED } from "../../src/retention/removal-store";

/** Their own rows are what a removal begins with; a registered model outlives its run, and holds it while it needs its files. */
const ELSEWHERE = ["runs", "logged_models", "experiments", "model_versions"];
/** Registered models have numbers, in a column of the same name. */
const NOT_OF_MODELS = ["registered_models", "registered_model_tags", "registered_model_aliases", "model_version_tags"];

it("every table is cleaned, or said not to need it", () => {
  const owned = Object.values(schema)
    .filter((table) => is(table, SQLiteTable))
    .map((table) => getTableConfig(table as SQLiteTable))
    .filter(({ columns }) => columns.some(({ name }) => ["run_id", "model_id", "experiment_id"].includes(name)))
    .map(({ name }) => name);
  const known = new Set([...CLEANED, ...ELSEWHERE, ...NOT_OF_MODELS]);
  expect(owned.filter((name) => !known.has(name))).toEqual([]);
});
