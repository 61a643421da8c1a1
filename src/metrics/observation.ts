/**
 * What an observation is and how two compare. An observation is (step, timestamp, value) of one key of one run; steps
 * and timestamps are integers within ±2^53, values doubles. A NaN compares as 0, as in MLflow, and after the number 0,
 * so that the order does not depend on arrival.
 */
import type { Columns } from "./block";

/** MLflow keeps ±Infinity as the largest double; -0 is 0 to it. */
export function storedValue(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
  if (value === Number.NEGATIVE_INFINITY) return -Number.MAX_VALUE;
  return value === 0 ? 0 : value;
}

export function compareValues(a: number, b: number): number {
  const x = Number.isNaN(a) ? 0 : a;
  const y = Number.isNaN(b) ? 0 : b;
  return x - y || Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** By (step, timestamp, value): the order of chunks, of sampling, and the one whose maximum is "latest". */
export function compareAt(a: Columns, i: number, b: Columns, j: number): number {
  return (
    (a.steps[i] as number) - (b.steps[j] as number) ||
    (a.timestamps[i] as number) - (b.timestamps[j] as number) ||
    compareValues(a.values[i] as number, b.values[j] as number)
  );
}

/** By (timestamp, step, value): the order of MLflow's metric history. */
export function compareByTime(a: Columns, i: number, j: number): number {
  return (
    (a.timestamps[i] as number) - (a.timestamps[j] as number) ||
    (a.steps[i] as number) - (a.steps[j] as number) ||
    compareValues(a.values[i] as number, a.values[j] as number)
  );
}

export function newColumns(length: number): Columns {
  return {
    steps: new Float64Array(length),
    timestamps: new Float64Array(length),
    values: new Float64Array(length),
  };
}

export const slice = (c: Columns, from: number, to: number): Columns => ({
  steps: c.steps.subarray(from, to),
  timestamps: c.timestamps.subarray(from, to),
  values: c.values.subarray(from, to),
});

/** Sorted by (step, timestamp, value) without exact repeats. Returns the input itself when it already is. */
export function sortedDistinct(columns: Columns): Columns {
  const n = columns.values.length;
  let strictly = true;
  for (let i = 1; i < n && strictly; i++) strictly = compareAt(columns, i - 1, columns, i) < 0;
  if (strictly) return columns;
  const order = new Uint32Array(n).map((_, i) => i);
  order.sort((i, j) => compareAt(columns, i, columns, j));
  return pick(columns, order, (i, j) => compareAt(columns, i, columns, j) !== 0);
}

/** Sorted by (timestamp, step, value); the input must hold no repeats. Returns the input itself when it already is. */
export function sortedByTime(columns: Columns): Columns {
  const n = columns.values.length;
  let sorted = true;
  for (let i = 1; i < n && sorted; i++) sorted = compareByTime(columns, i - 1, i) <= 0;
  if (sorted) return columns;
  const order = new Uint32Array(n).map((_, i) => i);
  order.sort((i, j) => compareByTime(columns, i, j));
  return pick(columns, order, () => true);
}

/** The observations at `order`, each kept only if it differs from the one kept before. */
function pick(columns: Columns, order: Uint32Array, differs: (i: number, j: number) => boolean): Columns {
  const out = newColumns(order.length);
  let n = 0;
  let last = -1;
  for (const i of order) {
    if (last >= 0 && !differs(last, i)) continue;
    out.steps[n] = columns.steps[i] as number;
    out.timestamps[n] = columns.timestamps[i] as number;
    out.values[n] = columns.values[i] as number;
    n++;
    last = i;
  }
  return slice(out, 0, n);
}

interface Observed {
  step: number;
  timestamp: number;
  value: number;
}

/** Whether an observation of a key comes after another: the one that nothing comes after is its latest. */
export const isLater = (a: Observed, b: Observed): boolean =>
  (a.step - b.step || a.timestamp - b.timestamp || compareValues(a.value, b.value)) > 0;
