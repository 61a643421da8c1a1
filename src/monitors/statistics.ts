/**
 * Statistics of samples as SciPy and NumPy compute them. Pure. The conformance suite compares all of it with theirs.
 */
import { kolmogorovTail } from "./kolmogorov";

/** SciPy takes its exact p-value while no sample is larger than this. */
const MAX_EXACT = 10_000;

export interface KsResult {
  /** The largest distance between the two distribution functions. */
  statistic: number;
  pValue: number;
  method: "exact" | "asymptotic";
}

/** The values in ascending order, without NaN. */
export function sortedNumbers(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values)
    .filter((v) => !Number.isNaN(v))
    .sort();
}

/**
 * The two-sided two-sample Kolmogorov–Smirnov test of sorted samples, neither empty, as `scipy.stats.ks_2samp` gives it.
 */
export function ksTwoSample(a: Float64Array, b: Float64Array): KsResult {
  const distance = ksDistance(a, b);
  const [n, m] = [a.length, b.length];
  if (Math.max(n, m) > MAX_EXACT) {
    // The effective size is rounded to even halves, as NumPy rounds.
    const pValue = kolmogorovTail(roundHalfEven((n * m) / (n + m)), distance);
    return { statistic: distance, pValue, method: "asymptotic" };
  }
  const g = gcd(n, m);
  const steps = Math.round(distance * (n / g) * m);
  const statistic = steps / ((n / g) * m);
  return { statistic, pValue: steps === 0 ? 1 : exactTail(n, m, g, steps), method: "exact" };
}

function ksDistance(a: Float64Array, b: Float64Array): number {
  let [i, j, distance] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && (a[i] as number) <= at) i++;
    while (j < b.length && (b[j] as number) <= at) j++;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  return distance;
}

/**
 * The part of all lattice paths from (0, 0) to (n, m) that somewhere are at least `steps` / lcm(n, m) away from the diagonal.
 * Each cell says how likely a path that ends there was outside: the weighted mean of where it came from, all terms
 * positive, so that small tails stay exact. Only cells inside are visited.
 */
function exactTail(n: number, m: number, g: number, steps: number): number {
  const [up, across] = [m / g, n / g];
  const outside = new Float64Array(m + 1).fill(1);
  for (let i = 0; i <= n; i++) {
    // Inside: |i·up − j·across| < steps.
    const from = Math.max(0, Math.floor((i * up - steps) / across) + 1);
    const to = Math.min(m, Math.ceil((i * up + steps) / across) - 1);
    // What the row before left to the left of this one is outside by now.
    if (from > 0) outside[from - 1] = 1;
    for (let j = from; j <= to; j++) {
      const below = i > 0 ? (outside[j] as number) : 0;
      const left = j > 0 ? (outside[j - 1] as number) : 0;
      outside[j] = i + j === 0 ? 0 : (i * below + j * left) / (i + j);
    }
    outside.fill(1, Math.min(to + 1, m + 1));
  }
  return Math.min(1, outside[m] as number);
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A share that no value falls into counts as this much, so that the index stays finite. */
export const PSI_FLOOR = 1e-4;

/**
 * The population stability index of a sample against an expected one, both sorted and not empty: over the expected one's quantile
 * bins (open at both ends, edges that coincide taken once), the sum of (actual − expected) · ln(actual / expected).
 */
export function populationStability(expected: Float64Array, actual: Float64Array, bins = 10): number {
  const inner = Array.from({ length: bins - 1 }, (_, i) => quantile(expected, (i + 1) / bins));
  const edges = [...new Set(inner)];
  const wanted = shares(expected, edges);
  return shares(actual, edges).reduce((sum, share, i) => {
    const other = wanted[i] as number;
    return sum + (share - other) * Math.log(share / other);
  }, 0);
}

/** The share of values in each bin: up to and including the first edge, … , above the last. */
function shares(sorted: Float64Array, edges: readonly number[]): number[] {
  let before = 0;
  const ends = [...edges.map((edge) => upperBound(sorted, edge)), sorted.length];
  return ends.map((end) => {
    const share = (end - before) / sorted.length;
    before = end;
    return Math.max(share, PSI_FLOOR);
  });
}

/** How many of the sorted values are at most `value`. */
export function upperBound(sorted: Float64Array, value: number, length = sorted.length): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The quantile between the nearest two of the first `length` sorted values, linearly, as `numpy.quantile`. NaN for none. */
export function quantile(sorted: Float64Array, q: number, length = sorted.length): number {
  if (length === 0) return Number.NaN;
  const at = (length - 1) * q;
  const low = Math.floor(at);
  const a = sorted[low] as number;
  const b = sorted[Math.min(low + 1, length - 1)] as number;
  const t = at - low;
  // From the nearer end, as NumPy does.
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** Mean and sample standard deviation (n − 1). NaN for too few. */
export function meanAndDeviation(values: ArrayLike<number>): { mean: number; deviation: number } {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i] as number;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / (n - 1)) };
}
