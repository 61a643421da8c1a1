/** Statements written as SQL in one D1 batch: Drizzle's own batch takes what its builders make, but no plain `sql`. */
import type { SQLWrapper } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { Database } from "./client";

/** A statement whose answer is rows of a shape, in the names that the SQL gives its columns. */
export interface Statement<Row> {
  readonly query: SQLWrapper;
  /** What its text binds by number (`?1`), where it has no parameters of its own. */
  readonly numbered?: readonly (string | number)[] | undefined;
  /** Never there: it only carries the type. */
  readonly row?: Row;
}

/** A statement that answers with rows. */
export const rows = <Row>(query: SQLWrapper, numbered?: readonly (string | number)[]): Statement<Row> => ({
  query,
  numbered,
});

/** A statement whose answer nobody looks at. */
export const write = (query: SQLWrapper): Statement<never> => ({ query });

type Answers<S extends readonly Statement<unknown>[]> = {
  -readonly [K in keyof S]: S[K] extends Statement<infer Row> ? Row[] : never;
};

const dialect = new SQLiteAsyncDialect();

/** Runs statements as one transaction and gives the rows of each. */
export async function transact<const S extends readonly Statement<unknown>[]>(
  { $client }: Database,
  statements: S,
): Promise<Answers<S>> {
  const bound = statements.map(({ query, numbered }) => {
    const { sql, params } = dialect.sqlToQuery(query.getSQL());
    return $client.prepare(sql).bind(...(numbered ?? params));
  });
  const answers = await $client.batch(bound);
  return answers.map(({ results }) => results) as Answers<S>;
}
