/** Thinning a stretch of one series for the eye: what a chart drawn from all of it would show, in few points. Pure. */
import type { Columns } from "./block";
import { newColumns } from "./observation";

/** What is kept of a bucket at most: its first, last, smallest, largest value and first NaN. */
const KEPT_PER_BUCKET = 5;

/**
 * At most `limit` (5 or more) observations in their order: the first, last, smallest, largest and first NaN of each of
 * as many equal buckets as fit. Returns the input itself when it is short enough.
 */
export function thin(columns: Columns, limit: number): Columns {
  const n = columns.values.length;
  if (n <= limit) return columns;
  const buckets = Math.max(1, Math.floor(limit / KEPT_PER_BUCKET));
  const kept: number[] = [];
  for (let b = 0; b < buckets; b++) {
    kept.push(...keptOf(columns.values, Math.floor((b * n) / buckets), Math.floor(((b + 1) * n) / buckets)));
  }
  const out = newColumns(kept.length);
  for (const [i, from] of kept.entries()) {
    out.steps[i] = columns.steps[from] as number;
    out.timestamps[i] = columns.timestamps[from] as number;
    out.values[i] = columns.values[from] as number;
  }
  return out;
}

/** The places kept of values [from, to), ascending and distinct. */
function keptOf(values: Float64Array, from: number, to: number): number[] {
  let min = -1;
  let max = -1;
  let nan = -1;
  for (let i = from; i < to; i++) {
    const v = values[i] as number;
    if (Number.isNaN(v)) {
      if (nan < 0) nan = i;
      continue;
    }
    if (min < 0 || v < (values[min] as number)) min = i;
    if (max < 0 || v > (values[max] as number)) max = i;
  }
  const places = [from, min, max, nan, to - 1].filter((i) => i >= 0).sort((a, b) => a - b);
  return places.filter((place, i) => place !== places[i - 1]);
}
