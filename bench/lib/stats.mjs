/** The value below which `share` of the sorted values lie (nearest rank); NaN for none. */
export function percentile(sorted, share) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** Ascending copy of numbers. */
export function ascending(values) {
  return Float64Array.from(values).sort();
}

/** Middle of the values (mean of the two middle ones when they are even in number); NaN for none. */
export function median(values) {
  const sorted = ascending(values);
  const half = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

/** { median, min, max, values } of one case's turns. */
export function summary(values) {
  const sorted = ascending(values);
  return { median: median(values), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, values };
}
