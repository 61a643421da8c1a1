/** One series of one run as charts keep it: rows that grow at the end, never past a bound. Plain functions. */
import type { ThinSeries } from "../../../src/metrics/series-format";

/** Columns of equal length, in order of x. Values are NaN where a row has no number. */
export interface Track {
  run: string;
  key: string;
  x: number[];
  /** The last value of each row's points. */
  last: number[];
  min: number[];
  max: number[];
  /** Points a row stands for, and how many of them are NaN. */
  count: number[];
  nans: number[];
  /** The moving average as the server has it, over every point; there when it was asked for. */
  smoothed: number[] | undefined;
  /** Each row is one point. */
  exact: boolean;
  /** What was taken off times to make them relative, in UTC milliseconds. */
  origin: number | undefined;
}

/** More rows than this become half as many: ten hours at two points a second stay within a megabyte. */
export const MAX_ROWS = 2400;

/** MLflow stores an infinity as the largest double. */
const LARGEST = Number.MAX_VALUE;

function restored(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => {
    if (value === LARGEST) return Number.POSITIVE_INFINITY;
    return value === -LARGEST ? Number.NEGATIVE_INFINITY : value;
  });
}

export function toTrack(series: ThinSeries): Track {
  const last = restored(series.last);
  return {
    run: series.run_id,
    key: series.key,
    x: Array.from(series.x),
    last,
    min: series.exact ? last.slice() : restored(series.min),
    max: series.exact ? last.slice() : restored(series.max),
    count: series.exact ? last.map(() => 1) : Array.from(series.counts),
    nans: series.exact ? last.map((value) => Number(Number.isNaN(value))) : Array.from(series.nanCounts),
    smoothed: series.smoothed && Array.from(series.smoothed),
    exact: series.exact,
    origin: series.origin,
  };
}

export function emptyTrack(run: string, key: string, origin: number | undefined): Track {
  return { run, key, x: [], last: [], min: [], max: [], count: [], nans: [], smoothed: undefined, exact: true, origin };
}

/**
 * Takes a new observation; one that is there already changes nothing.
 * @param weight of the moving average, which goes on from its last value
 */
export function addPoint(track: Track, x: number, value: number, weight: number): void {
  const end = track.x.length;
  const newest = track.x[end - 1];
  if (newest === undefined || x > newest) {
    insertRow(track, end, x, value, weight);
    return;
  }
  const at = firstNotBelow(track.x, x);
  for (let i = at; i < end && track.x[i] === x; i++) {
    if (track.count[i] === 1 && Object.is(track.last[i], value)) return;
  }
  if (track.exact || x === newest) {
    let after = at;
    while (after < end && track.x[after] === x) after += 1;
    insertRow(track, after, x, value, weight);
    return;
  }
  // A late point belongs to the bucket it falls into.
  if (Number.isNaN(value)) track.nans[at] = (track.nans[at] ?? 0) + 1;
  else {
    track.min[at] = least(track.min[at], value);
    track.max[at] = most(track.max[at], value);
  }
  track.count[at] = (track.count[at] ?? 0) + 1;
}

function insertRow(track: Track, at: number, x: number, value: number, weight: number): void {
  track.x.splice(at, 0, x);
  track.last.splice(at, 0, value);
  track.min.splice(at, 0, value);
  track.max.splice(at, 0, value);
  track.count.splice(at, 0, 1);
  track.nans.splice(at, 0, Number(Number.isNaN(value)));
  if (track.smoothed) {
    const before = track.smoothed[at - 1];
    const next = before === undefined || Number.isNaN(before) ? value : before * weight + (1 - weight) * value;
    track.smoothed.splice(at, 0, Number.isFinite(value) ? next : (before ?? Number.NaN));
  }
  if (track.x.length > MAX_ROWS) halve(track);
}

/** Joins neighbours, so that the same stretch takes half the rows. */
function halve(track: Track): void {
  const rows = Math.ceil(track.x.length / 2);
  for (let to = 0; to < rows; to++) {
    const a = 2 * to;
    const b = Math.min(a + 1, track.x.length - 1);
    track.x[to] = track.x[b] ?? 0;
    const later = track.last[b] ?? Number.NaN;
    track.last[to] = Number.isNaN(later) ? (track.last[a] ?? Number.NaN) : later;
    track.min[to] = least(track.min[a], track.min[b]);
    track.max[to] = most(track.max[a], track.max[b]);
    track.count[to] = (track.count[a] ?? 0) + (b === a ? 0 : (track.count[b] ?? 0));
    track.nans[to] = (track.nans[a] ?? 0) + (b === a ? 0 : (track.nans[b] ?? 0));
    if (track.smoothed) track.smoothed[to] = track.smoothed[b] ?? Number.NaN;
  }
  for (const column of [track.x, track.last, track.min, track.max, track.count, track.nans]) column.length = rows;
  if (track.smoothed) track.smoothed.length = rows;
  track.exact = false;
}

function least(a: number | undefined, b: number | undefined): number {
  if (a === undefined || Number.isNaN(a)) return b ?? Number.NaN;
  return b === undefined || Number.isNaN(b) ? a : Math.min(a, b);
}

function most(a: number | undefined, b: number | undefined): number {
  if (a === undefined || Number.isNaN(a)) return b ?? Number.NaN;
  return b === undefined || Number.isNaN(b) ? a : Math.max(a, b);
}

/** The first index whose number is not below `x`; the length where there is none. */
export function firstNotBelow(ascending: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row nearest to `x`; undefined for a track without rows. */
export function nearestRow(track: Track, x: number): number | undefined {
  const at = firstNotBelow(track.x, x);
  const before = track.x[at - 1];
  const after = track.x[at];
  if (before === undefined) return after === undefined ? undefined : at;
  return after === undefined || x - before <= after - x ? at - 1 : at;
}

/**
 * The debiased moving average of TensorBoard. Numbers that are not finite are passed over and don't reset it.
 * @param weight 0 to below 1
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let n = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + (1 - weight) * value;
    n += 1;
    return sum / (1 - weight ** n);
  });
}

/** The line to draw: smoothed by the server where it thinned, here where every point is at hand. */
export function lineOf(track: Track, weight: number): readonly number[] {
  if (weight <= 0) return track.last;
  if (!track.exact && track.smoothed) return track.smoothed;
  return smooth(track.last, weight);
}

/** How many observations the rows stand for, and how many of them are no finite number. */
export function countPoints(track: Track): { points: number; nans: number; infinite: number } {
  let points = 0;
  let nans = 0;
  let infinite = 0;
  for (let i = 0; i < track.x.length; i++) {
    points += track.count[i] ?? 0;
    nans += track.nans[i] ?? 0;
    if (track.last[i] === Number.POSITIVE_INFINITY || track.last[i] === Number.NEGATIVE_INFINITY) infinite += 1;
  }
  return { points, nans, infinite };
}

/** Smallest and largest finite value with the x they are at; undefined without any. */
export function extremes(track: Track): { min: number; minX: number; max: number; maxX: number } | undefined {
  let found: { min: number; minX: number; max: number; maxX: number } | undefined;
  for (let i = 0; i < track.x.length; i++) {
    const low = track.min[i] ?? Number.NaN;
    const high = track.max[i] ?? Number.NaN;
    const x = track.x[i] ?? 0;
    if (!Number.isFinite(low) || !Number.isFinite(high)) continue;
    found ??= { min: low, minX: x, max: high, maxX: x };
    if (low < found.min) Object.assign(found, { min: low, minX: x });
    if (high > found.max) Object.assign(found, { max: high, maxX: x });
  }
  return found;
}
