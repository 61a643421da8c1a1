/** The order of a search of runs. Pure. */
import type { Params } from "../search/conditions";
import type { OrderKey } from "../search/filter";
import { checkOrderLength, type SortColumn } from "../search/places";

/** Missing values come last in both directions; for metrics numbers come first, then NaN. */
export interface RunOrder {
  keys: readonly OrderKey[];
  /** LEFT JOINs that the columns need: `o0`, `o1`, … for metrics, params and tags, by place in the ordering. */
  joins: string[];
  /** Everything it sorts by, over `runs r` and the joins; run_id last, so that no two runs are equal. */
  columns: SortColumn[];
}

/** Errors: 400 for too many keys. */
export function runOrder(keys: readonly OrderKey[], params: Params): RunOrder {
  checkOrderLength(keys);
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
