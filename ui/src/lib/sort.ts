/** The order of a runs table, as the address and as MLflow's order_by write it. */
export interface RunSort {
  /** "start", "name", "status", "metric:<key>" or "param:<key>". */
  column: string;
  descending: boolean;
}

export const DEFAULT_SORT: RunSort = { column: "start", descending: true };

const ATTRIBUTES: Record<string, string> = {
  start: "attributes.start_time",
  name: "attributes.run_name",
  status: "attributes.status",
};

/** Reads `-metric:loss` (descending) or `name`; undefined for what is no such order. */
export function parseSort(text: string): RunSort | undefined {
  const descending = text.startsWith("-");
  const column = descending ? text.slice(1) : text;
  return Object.hasOwn(ATTRIBUTES, column) || /^(metric|param):./s.test(column) ? { column, descending } : undefined;
}

export function formatSort(sort: RunSort): string {
  return (sort.descending ? "-" : "") + sort.column;
}

/** MLflow's order_by clauses; runs that are equal come newest first. */
export function orderBy(sort: RunSort): string[] {
  const direction = sort.descending ? "DESC" : "ASC";
  const newest = "attributes.start_time DESC";
  const attribute = ATTRIBUTES[sort.column];
  if (sort.column === "start") return [`${attribute} ${direction}`];
  if (attribute) return [`${attribute} ${direction}`, newest];
  const colon = sort.column.indexOf(":");
  const kind = sort.column.startsWith("metric") ? "metrics" : "params";
  return [`${kind}.\`${sort.column.slice(colon + 1)}\` ${direction}`, newest];
}

/** What a click on a column's head asks for: numbers and times best seen largest first, names from a to z. */
export function nextSort(current: RunSort, column: string): RunSort {
  if (current.column === column) return { column, descending: !current.descending };
  return { column, descending: column === "start" || column.startsWith("metric:") };
}
