/** What went wrong in D1, read from the words of its errors: it gives no codes. */

const says = (error: unknown, words: string): boolean =>
  error instanceof Error && (error.message.includes(words) || (error.cause !== undefined && says(error.cause, words)));

/** A row broke a primary key or a unique index. */
export const isUniqueFailure = (error: unknown): boolean => says(error, "UNIQUE constraint failed");

/** A statement tried to set a column to NULL that may not be; here often on purpose, to fail a transaction whole. */
export const isNotNullFailure = (error: unknown, table: string, column: string): boolean =>
  says(error, `NOT NULL constraint failed: ${table}.${column}`);

/** A text or a row came out longer than D1 takes. */
export const isTooBig = (error: unknown): boolean =>
  says(error, "string or blob too big") || says(error, "SQLITE_TOOBIG");
