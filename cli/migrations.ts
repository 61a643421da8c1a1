import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { D1Database } from "@cloudflare/workers-types";
import type { Migration } from "./bindings.ts";
import { UsageError } from "./options.cjs";

/** Wrangler's own table, so that `wrangler d1 migrations apply` and this agree on what is done. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;
const LIST_APPLIED = "SELECT name FROM d1_migrations ORDER BY id";

/**
 * Whether the one database file in a folder of D1 databases has had all these migrations. False where it can't be
 * told; then `migrate` finds out through the runtime, which takes longer.
 */
export function isMigrated(databases: string, migrations: readonly Migration[]): boolean {
  try {
    const files = readdirSync(databases).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
    const [file] = files;
    if (files.length !== 1 || file === undefined || !existsSync(join(databases, file))) return false;
    const database = new DatabaseSync(join(databases, file), { readOnly: true });
    try {
      const applied = database.prepare(LIST_APPLIED).all();
      return applied.map((row) => row.name).join("\n") === migrations.map(({ name }) => name).join("\n");
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

/**
 * Applies what is not applied yet; each migration is one transaction.
 * @throws {UsageError} when one fails, or the database is from a later version of Tidemark
 */
export async function migrate(database: D1Database, migrations: readonly Migration[]): Promise<void> {
  await database.prepare(CREATE_TABLE).run();
  const { results } = await database.prepare(LIST_APPLIED).all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const unknown = [...applied].filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `the data folder was written by a newer Tidemark (it has ${unknown.join(", ")}); update first.`,
    );
  }
  for (const { name, statements } of migrations.filter((migration) => !applied.has(migration.name))) {
    const record = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    try {
      await database.batch([...statements.map((sql) => database.prepare(sql)), record]);
    } catch (error) {
      throw new UsageError(`migration ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
