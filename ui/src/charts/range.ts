/** What a chart's y axis spans; plain functions. */

export interface YRange {
  min: number;
  max: number;
  /** Values outside were left out on purpose. */
  clipped: boolean;
}

/** Leaving out what is beyond these shares, and the first of a line, when it more than doubles the range. */
const TAIL = 0.005;
const WARM_UP = 0.02;
/** Few points have no tails. */
const ENOUGH = 40;

/**
 * @param lines visible values of each line in order of x; what is not finite counts for nothing
 * @param always values that must be in view, a threshold's for example
 */
export function yRange(
  lines: readonly (readonly number[])[],
  options: { log: boolean; whole: boolean; always?: readonly number[] | undefined },
): YRange | undefined {
  const usable = (value: number) => Number.isFinite(value) && (!options.log || value > 0);
  const all: number[] = [];
  const settled: number[] = [];
  for (const line of lines) {
    const skip = Math.floor(line.length * WARM_UP);
    line.forEach((value, i) => {
      if (!usable(value)) return;
      all.push(value);
      if (i >= skip) settled.push(value);
    });
  }
  const always = (options.always ?? []).filter(usable);
  if (all.length === 0 && always.length === 0) return undefined;
  const full = span(all);
  let range = full;
  if (!options.whole && settled.length >= ENOUGH) {
    settled.sort((a, b) => a - b);
    const low = settled[Math.floor(TAIL * (settled.length - 1))] ?? full.min;
    const high = settled[Math.ceil((1 - TAIL) * (settled.length - 1))] ?? full.max;
    const size = (min: number, max: number) => (options.log ? Math.log10(max / min) : max - min);
    if (high > low && size(full.min, full.max) > 2 * size(low, high)) range = { min: low, max: high };
  }
  const clipped = range !== full;
  const min = Math.min(range.min, ...always);
  const max = Math.max(range.max, ...always);
  return { ...padded(min, max, options.log), clipped };
}

function span(values: readonly number[]): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Air above and below, so that no line runs along an edge. */
function padded(min: number, max: number, log: boolean): { min: number; max: number } {
  if (log) {
    const factor = max > min ? (max / min) ** 0.06 : 1.5;
    return { min: min / factor, max: max * factor };
  }
  const air = max > min ? (max - min) * 0.06 : Math.abs(max) * 0.1 || 1;
  return { min: min - air, max: max + air };
}
