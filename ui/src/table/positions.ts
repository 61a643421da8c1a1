/** Rows keep their places while a table is refreshed under somebody's eyes; what has moved is counted. Plain functions. */

export interface Held {
  /** Rows of the new answer in the order they are shown. */
  order: number[];
  /** How many rows would stand elsewhere in the new answer's own order. */
  moved: number;
}

/**
 * The new answer's rows in the order the old ones stood. Rows that weren't there come after the one they follow in the new
 * answer, so that a refresh that only adds rows moves none.
 * @param shown runs as they stand
 * @param fresh runs as the new answer orders them
 */
export function holdPositions(shown: readonly string[], fresh: readonly string[]): Held {
  const rowOf = new Map(fresh.map((id, row) => [id, row]));
  const known = shown.flatMap((id) => rowOf.get(id) ?? []);
  const old = new Set(known);
  const moved = known.length - longestRise(known);
  if (moved === 0) return { order: fresh.map((_, row) => row), moved };
  const order: number[] = [];
  const withNew = (from: number) => {
    for (let row = from; row < fresh.length && !old.has(row); row++) order.push(row);
  };
  withNew(0);
  for (const row of known) {
    order.push(row);
    withNew(row + 1);
  }
  return { order, moved };
}

/** Length of the longest rising subsequence: so many rows can stay where they are when the others are moved. */
export function longestRise(values: readonly number[]): number {
  const ends: number[] = [];
  for (const value of values) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    ends[low] = value;
  }
  return ends.length;
}

/**
 * How many of some rows, whose values change, stand wrong between their neighbours.
 * @param value of a row; rows without one are left out of account
 */
export function countMisplaced(
  rows: readonly number[],
  value: (row: number) => number | undefined,
  { count, descending }: { count: number; descending: boolean },
): number {
  const sign = descending ? -1 : 1;
  const isWrong = (first: number, second: number) => {
    const [a, b] = [value(first), value(second)];
    return a !== undefined && b !== undefined && sign * (a - b) > 0;
  };
  return rows.filter((row) => (row > 0 && isWrong(row - 1, row)) || (row + 1 < count && isWrong(row, row + 1))).length;
}
