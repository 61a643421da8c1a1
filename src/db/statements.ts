import type { Statement } from "../search/conditions";

/** Runs statements as one batch, and so one transaction, and gives back the rows of each. */
export async function runStatements(d1: D1Database, statements: readonly Statement[]): Promise<unknown[][]> {
  const results = await d1.batch(statements.map(({ sql, values }) => d1.prepare(sql).bind(...values)));
  return results.map((result) => result.results);
}
