/** The rows of a table as they stand: grouped, and ordered by what the server can't order by. Plain functions. */
import type { RunColumns } from "./columns-data";

export type Item =
  | { kind: "row"; row: number }
  | { kind: "group"; value: string | undefined; rows: readonly number[]; open: boolean };

export interface Arrangement {
  count: number;
  at: (index: number) => Item | undefined;
}

interface Options {
  /** A param's or tag's cells to group by. */
  group?: readonly (string | undefined)[];
  open: ReadonlySet<string>;
  /** Orders rows; missing values last both ways. */
  sort?: { values: (row: number) => number | undefined; descending: boolean };
  /** A row that stands elsewhere. */
  without?: number | undefined;
  /** Rows in another order than the data's. */
  order?: readonly number[] | undefined;
}

/** Without groups or an order of its own, item i is row i and nothing is kept. */
export function arrange(columns: RunColumns, { group, open, sort, without, order }: Options): Arrangement {
  const { loaded } = columns;
  if (!group && !sort && !order) {
    const skips = without !== undefined && without < loaded;
    return {
      count: Math.max(columns.done ? 0 : columns.total, loaded) - (skips ? 1 : 0),
      at: (index) => {
        const row = skips && index >= without ? index + 1 : index;
        return row < loaded ? { kind: "row", row } : undefined;
      },
    };
  }
  let rows = (order ?? Array.from({ length: loaded }, (_, row) => row)).filter((row) => row !== without);
  if (sort) rows = sortRows(rows, sort);
  const items: Item[] = group ? grouped(rows, group, open) : rows.map((row) => ({ kind: "row", row }));
  return { count: items.length, at: (index) => items[index] };
}

function sortRows(rows: number[], { values, descending }: NonNullable<Options["sort"]>): number[] {
  const sign = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: values(row) }));
  keyed.sort((a, b) => rank(a.value) - rank(b.value) || sign * ((a.value ?? 0) - (b.value ?? 0)) || a.row - b.row);
  return keyed.map(({ row }) => row);
}

/** Numbers, then NaN, then nothing. */
function rank(value: number | undefined): number {
  if (value === undefined) return 2;
  return Number.isNaN(value) ? 1 : 0;
}

function grouped(rows: readonly number[], cells: readonly (string | undefined)[], open: ReadonlySet<string>): Item[] {
  const groups = Map.groupBy(rows, (row) => cells[row]);
  const items: Item[] = [];
  for (const [value, members] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    const isOpen = open.has(groupId(value));
    items.push({ kind: "group", value, rows: members, open: isOpen });
    if (isOpen) for (const row of members) items.push({ kind: "row", row });
  }
  return items;
}

/** A group's name in the address and in sets; runs without the param are a group, too. */
export function groupId(value: string | undefined): string {
  return value === undefined ? "-" : `=${value}`;
}

/** What a folded group says of a metric. */
export function groupFigures(
  cells: readonly (number | undefined)[] | undefined,
  rows: readonly number[],
  direction: "max" | "min" | undefined,
): { n: number; mean: number; best: number } | undefined {
  let n = 0;
  let sum = 0;
  let best: number | undefined;
  for (const row of rows) {
    const value = cells?.[row];
    if (value === undefined || !Number.isFinite(value)) continue;
    n += 1;
    sum += value;
    if (best === undefined || (direction === "min" ? value < best : value > best)) best = value;
  }
  return best === undefined ? undefined : { n, mean: sum / n, best };
}
