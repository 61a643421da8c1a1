/** Rows on their way into json_each(?): one bound parameter carries any number of them, up to D1's longest text. */
import { D1_MAX_ROW } from "../limits";
import { invalid } from "../wire/errors";

/** UTF-16 units that cannot pass D1's limit in bytes: UTF-8 takes three at most for each. */
const MAX_UNITS = Math.floor(D1_MAX_ROW / 3);

/** The rows as JSON arrays, as few as fit into a parameter each. Errors: 400 for a row that is too long by itself. */
export function jsonRows(rows: readonly object[]): string[] {
  const texts: string[] = [];
  let batch: string[] = [];
  let units = 2;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (text.length > MAX_UNITS - 2 && new TextEncoder().encode(text).length > D1_MAX_ROW - 2) {
      throw invalid(`A value is too long: more than ${D1_MAX_ROW} bytes with its key.`);
    }
    if (batch.length > 0 && units + text.length + 1 > MAX_UNITS) {
      texts.push(`[${batch.join(",")}]`);
      batch = [];
      units = 2;
    }
    batch.push(text);
    units += text.length + 1;
  }
  if (batch.length > 0) texts.push(`[${batch.join(",")}]`);
  return texts;
}
