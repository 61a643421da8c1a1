/** Pages by place: what a search sorts by, the condition of being behind a page's end, and the tokens that remember it. Pure. */
import { invalid } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { decodeOffset, parseToken } from "../wire/paging";
import { numberLiteral, type Params } from "./conditions";
import type { OrderKey } from "./filter";

/** Keys of one ordering: what SQL made of them stays within D1's limits on depth and joins. */
const MAX_ORDER_KEYS = 16;

/** Errors: 400 for more keys than one ordering may have. */
export function checkOrderLength(keys: readonly unknown[]): void {
  if (keys.length > MAX_ORDER_KEYS) throw invalid(`order_by may have ${MAX_ORDER_KEYS} clauses at most.`);
}

/** What a statement sorts by: an expression over its tables, NULL where a column before it says that it is missing. */
export interface SortColumn {
  sql: string;
  descending: boolean;
}

export const orderBy = (columns: readonly SortColumn[]): string =>
  columns.map(({ sql, descending }) => (descending ? `${sql} DESC` : sql)).join(", ");

/** The columns as a select has them: k0, k1, …. */
export const sortColumns = (columns: readonly SortColumn[]): string =>
  columns.map(({ sql }, i) => `${sql} AS k${i}`).join(", ");

/** What a row was sorted by. */
export type SortedRow = Readonly<Record<`k${number}`, string | number | null>>;

/** What the columns of a page's last row were. */
export type Place = (string | number | null)[];

export const placeOf = (row: SortedRow, columns: readonly SortColumn[]): Place =>
  columns.map((_, i) => row[`k${i}`] ?? null);

/** The condition that a row comes after a place. */
export function after(columns: readonly SortColumn[], place: Place, params: Params): string {
  let condition = "0";
  for (const [i, { sql, descending }] of [...columns.entries()].reverse()) {
    const value = place[i] ?? null;
    const bound = bind(value, params);
    const beyond = value === null ? "0" : `${sql} ${descending ? "<" : ">"} ${bound}`;
    condition = condition === "0" ? beyond : `(${beyond} OR (${sql} IS ${bound} AND ${condition}))`;
  }
  return condition;
}

/** The same as a bound on one column, which an index can use. */
export function notBefore({ sql, descending }: SortColumn, value: Place[number], params: Params): string {
  return value === null ? "1" : `${sql} ${descending ? "<=" : ">="} ${bind(value, params)}`;
}

const bind = (value: Place[number], params: Params): string => {
  if (value === null) return "NULL";
  return typeof value === "number" ? numberLiteral(value, params) : params.bind(value);
};

const signature = (keys: readonly OrderKey[]): string =>
  keys.map(({ entity, key, descending }) => `${descending ? "-" : "+"}${entity}.${key}`).join(",");

/** A page token: where the page ended, and in which order. */
export function encodePlace(keys: readonly OrderKey[], place: Place): string {
  return new TextEncoder().encode(JSON.stringify({ order: signature(keys), after: place })).toBase64();
}

/** Where a token says a page ended; undefined without one. Errors: 400 for a token of another order, or none of ours. */
export function decodePlace(
  token: string | undefined,
  keys: readonly OrderKey[],
  columns: readonly SortColumn[],
): Place | undefined {
  if (!token) return undefined;
  const parsed = parseToken(token);
  const { order, after: place } = (parsed ?? {}) as { order?: unknown; after?: unknown };
  if (isPlace(place, columns.length) && order === signature(keys)) return place;
  // MLflow's own words, where the token looks like one of MLflow's.
  decodeOffset(token);
  throw invalid(`Invalid page token, parsed value=${pythonRepr(parsed)}`);
}

export const isPlace = (place: unknown, length: number): place is Place =>
  Array.isArray(place) &&
  place.length === length &&
  place.every((value) => value === null || typeof value === "string" || Number.isFinite(value));
