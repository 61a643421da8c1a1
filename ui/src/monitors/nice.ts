/** Round numbers for lines that are dragged; plain functions. */

/** Steps from one end of an axis to the other, about. */
const STEPS = 200;

/** 1, 2 or 5 times a power of ten: about 200 of them make up `range`. */
export function niceStep(range: number): number {
  const size = Math.abs(range) / STEPS;
  if (!(size > 0) || !Number.isFinite(size)) return 0.01;
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5, 10].find((one) => one * power >= size * 0.999) ?? 10;
  return tidy(factor * power);
}

/** The multiple of `step` next to `value`. */
export function snap(value: number, step: number): number {
  return tidy(Math.round(value / step) * step);
}

/** A value beyond nearly all of `values` on one side, as round as their range allows; undefined without any. */
export function outlyingValue(values: readonly number[], side: "above" | "below"): number | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  if (low === undefined || high === undefined) return undefined;
  const at = side === "above" ? 0.95 : 0.05;
  const typical = sorted[Math.round(at * (sorted.length - 1))] ?? low;
  const step = niceStep((high - low || Math.abs(high) || 1) * 10);
  const found = side === "above" ? Math.ceil(typical / step) * step : Math.floor(typical / step) * step;
  return tidy(found);
}

/** Without the dust that binary fractions leave: 0.30000000000000004 is 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
