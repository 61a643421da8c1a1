/** Columns of a runs table as the address writes them: `m:val/auc`, `d:val/auc`, `p:lr@140`. Plain functions. */

/** `delta` is a metric's difference from the baseline. */
export type ColumnKind = "metric" | "delta" | "param" | "tag" | "attribute";

export interface Column {
  kind: ColumnKind;
  /** A key, or the name of an attribute. */
  key: string;
  /** Pixels, where somebody dragged it. */
  width?: number;
}

const LETTERS: Record<string, ColumnKind> = { m: "metric", d: "delta", p: "param", t: "tag", a: "attribute" };

export const ATTRIBUTES: Record<string, string> = {
  status: "State",
  start: "Age",
  duration: "Duration",
  user: "User",
};

export function columnId(column: Pick<Column, "kind" | "key">): string {
  return `${column.kind[0]}:${column.key}`;
}

/** Undefined for what is no column. */
export function parseColumn(text: string): Column | undefined {
  const found = /^([mdpta]):(.+?)(?:@(\d{2,3}))?$/s.exec(text);
  const kind = LETTERS[found?.[1] ?? ""];
  const key = found?.[2];
  if (!kind || !key || (kind === "attribute" && !Object.hasOwn(ATTRIBUTES, key))) return undefined;
  return { kind, key, width: found?.[3] ? Number(found[3]) : undefined };
}

/** The parts of a list between commas. Keys may hold commas: those are doubled. */
export function splitList(text: string): string[] {
  return text.split(/(?<!,),(?!,)/).map((part) => part.replaceAll(",,", ","));
}

export function formatColumns(columns: readonly Column[]): string {
  return columns
    .map((column) => columnId(column) + (column.width ? `@${column.width}` : ""))
    .map((text) => text.replaceAll(",", ",,"))
    .join(",");
}

export function columnWidth(column: Column): number {
  if (column.width) return column.width;
  if (column.kind === "delta") return 80;
  if (column.kind === "attribute") return column.key === "user" ? 100 : 72;
  // 7 pixels a character of a head, room for the sort mark.
  return Math.round(Math.min(220, Math.max(column.kind === "metric" ? 80 : 84, column.key.length * 7 + 28)));
}

export function columnLabel(column: Column): string {
  if (column.kind === "delta") return "vs base";
  return column.kind === "attribute" ? (ATTRIBUTES[column.key] ?? column.key) : column.key;
}

export function columnTitle(column: Column): string {
  switch (column.kind) {
    case "metric":
      return `Metric ${column.key}`;
    case "delta":
      return `${column.key}: difference from the baseline`;
    case "param":
      return `Parameter ${column.key}`;
    case "tag":
      return `Tag ${column.key}`;
    default:
      return ATTRIBUTES[column.key] ?? column.key;
  }
}

/** The order of a table: columns' ids and directions, the first one first. */
export interface Sort {
  /** `a:name` and `a:start` besides the ids of columns. */
  id: string;
  descending: boolean;
}

export const NEWEST: readonly Sort[] = [{ id: "a:start", descending: true }];

/** Reads `-m:loss,a:name`; undefined for what is no such order. */
export function parseSort(text: string | null): Sort[] | undefined {
  if (!text) return [...NEWEST];
  const sorts = splitList(text).map((part) => ({ id: part.replace(/^-/, ""), descending: part.startsWith("-") }));
  return sorts.every(({ id }) => isSortable(id)) ? sorts : undefined;
}

const SORT_ATTRIBUTES: Record<string, string> = {
  "a:start": "attributes.start_time",
  "a:name": "attributes.run_name",
  "a:status": "attributes.status",
  "a:user": "attributes.user_id",
};

export function isSortable(id: string): boolean {
  return Object.hasOwn(SORT_ATTRIBUTES, id) || /^[mdpt]:./s.test(id);
}

export function formatSort(sorts: readonly Sort[]): string | undefined {
  const text = sorts.map(({ id, descending }) => (descending ? "-" : "") + id.replaceAll(",", ",,")).join(",");
  return text === "-a:start" ? undefined : text;
}

/** MLflow's order_by clauses. A difference orders as its metric does. */
export function orderBy(sorts: readonly Sort[]): string[] {
  const clauses = sorts.map(({ id, descending }) => {
    const direction = descending ? "DESC" : "ASC";
    const attribute = SORT_ATTRIBUTES[id];
    if (attribute) return `${attribute} ${direction}`;
    const kind = { m: "metrics", d: "metrics", p: "params", t: "tags" }[id[0] ?? "m"] ?? "metrics";
    return `${kind}.\`${id.slice(2)}\` ${direction}`;
  });
  const unique = [...new Set(clauses)];
  return sorts.some(({ id }) => id === "a:start") ? unique : [...unique, "attributes.start_time DESC"];
}

/** What a click on a head asks for: metrics and times largest first, names from a to z; a second click turns round. */
export function nextSort(sorts: readonly Sort[], id: string, add: boolean): Sort[] {
  const old = sorts.find((sort) => sort.id === id);
  const next = { id, descending: old ? !old.descending : /^[md]:|^a:start$/.test(id) };
  if (!add) return [next];
  return old ? sorts.map((sort) => (sort.id === id ? next : sort)) : [...sorts, next];
}
