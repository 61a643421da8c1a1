import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

export type Database = DrizzleD1Database & { $client: D1Database };

const made = new WeakMap<D1Database, Database>();

/** Made once a binding, and without the schema's relations, which nothing here asks for. */
export function database(d1: D1Database): Database {
  const known = made.get(d1);
  if (known) return known;
  const db = drizzle(d1);
  made.set(d1, db);
  return db;
}
