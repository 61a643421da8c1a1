import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

export type Database = DrizzleD1Database & { $client: D1Database };

/** Made for each request, so without the schema's relations, which would cost more than many a request does. */
export const database = (d1: D1Database): Database => drizzle(d1);
