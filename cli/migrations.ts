import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { D1Database } from "@cloudflare/workers-types";
import { UsageError } from "./options.cjs";

/** Wrangler's own table, so that `wrangler d1 migrations apply` and this agree on what is done. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;
const LIST_APPLIED = "SELECT name FROM d1_migrations ORDER BY id";

/** The names of a folder's migrations, in the order they apply. */
export function listMigrations(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/**
 * Whether the one database file in a folder of D1 databases has had all these migrations. False where it can't be
 * told; then `migrate` finds out through the runtime, which takes longer.
 */
export function isMigrated(databases: string, names: string[]): boolean {
  try {
    const files = readdirSync(databases).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
    const [file] = files;
    if (files.length !== 1 || file === undefined || !existsSync(join(databases, file))) return false;
    const database = new DatabaseSync(join(databases, file), { readOnly: true });
    try {
      const applied = database.prepare(LIST_APPLIED).all();
      return applied.map((row) => row.name).join("\n") === names.join("\n");
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
export async function migrate(database: D1Database, folder: string): Promise<void> {
  const names = listMigrations(folder);
  await database.prepare(CREATE_TABLE).run();
  const { results } = await database.prepare(LIST_APPLIED).all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const unknown = [...applied].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `the data folder was written by a newer Tidemark (it has ${unknown.join(", ")}); update first.`,
    );
  }
  const waiting = names.filter((name) => !applied.has(name));
  if (waiting.length === 0) return;
  const { unstable_splitSqlQuery: splitSqlQuery } = await import("wrangler");
  for (const name of waiting) {
    const statements = splitSqlQuery(readFileSync(join(folder, name), "utf8")).map((sql) => database.prepare(sql));
    const record = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    try {
      await database.batch([...statements, record]);
    } catch (error) {
      throw new UsageError(`migration ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
