/** The order of a search of runs: what it sorts by, where a page ended, and the tokens that remember it. Pure. */
import { numberLiteral, type Params } from "../search/conditions";
import type { OrderKey } from "../search/filter";
import { invalid } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { decodeOffset, parseToken } from "../wire/paging";

/** Keys of one ordering: what SQL made of them stays within D1's limits on depth and joins. */
const MAX_ORDER_KEYS = 16;

export interface SortColumn {
  /** An expression over `runs r` and the joins. */
  sql: string;
  descending: boolean;
}

/** Missing values come last in both directions; for metrics numbers come first, then NaN. */
export interface RunOrder {
  keys: readonly OrderKey[];
  /** LEFT JOINs that the columns need: `o0`, `o1`, … for metrics, params and tags, by place in the ordering. */
  joins: string[];
  /** Everything it sorts by, run_id last, so that no two runs are equal. */
  columns: SortColumn[];
}

/** Errors: 400 for too many keys. */
export function runOrder(keys: readonly OrderKey[], params: Params): RunOrder {
  if (keys.length > MAX_ORDER_KEYS) throw invalid(`order_by may have ${MAX_ORDER_KEYS} clauses at most.`);
  const joins: string[] = [];
  const columns: SortColumn[] = [];
  for (const [i, { entity, key, descending }] of keys.entries()) {
    if (entity === "attribute") {
      if (key === "end_time") columns.push({ sql: "(r.end_time IS NULL)", descending: false });
      columns.push({ sql: `r.${key === "run_name" ? "name" : key}`, descending });
      continue;
    }
    const isMetric = entity === "metric";
    const table = isMetric ? "latest_metrics" : `${entity}s`;
    joins.push(`LEFT JOIN ${table} o${i} ON o${i}.run_id = r.run_id AND o${i}.key = ${params.bind(key)}`);
    columns.push({ sql: isMetric ? `ifnull(o${i}.is_nan, 2)` : `(o${i}.value IS NULL)`, descending: false });
    columns.push({ sql: `o${i}.value`, descending });
  }
  const sorts = (key: string) => keys.some((one) => one.entity === "attribute" && one.key === key);
  if (!sorts("start_time")) columns.push({ sql: "r.start_time", descending: true });
  if (!sorts("run_id")) columns.push({ sql: "r.run_id", descending: false });
  return { keys, joins, columns };
}

/** Whether the order is by start time alone, so that its index gives it. */
export const isByStart = (keys: readonly OrderKey[]): boolean =>
  keys.length === 0 || (keys.length === 1 && keys[0]?.entity === "attribute" && keys[0].key === "start_time");

export const orderBy = (columns: readonly SortColumn[]): string =>
  columns.map(({ sql, descending }) => (descending ? `${sql} DESC` : sql)).join(", ");

/** What the columns of a page's last run were. */
export type Place = (string | number | null)[];

/** The condition that a run comes after a place. */
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
export function decodePlace(token: string | undefined, order: RunOrder): Place | undefined {
  if (!token) return undefined;
  const parsed = parseToken(token);
  const { order: of, after: place } = (parsed ?? {}) as { order?: unknown; after?: unknown };
  const isPlace =
    Array.isArray(place) &&
    place.length === order.columns.length &&
    place.every((value) => value === null || typeof value === "string" || Number.isFinite(value));
  if (isPlace && of === signature(order.keys)) return place;
  // MLflow's own words, where the token looks like one of MLflow's.
  decodeOffset(token);
  throw invalid(`Invalid page token, parsed value=${pythonRepr(parsed)}`);
}
