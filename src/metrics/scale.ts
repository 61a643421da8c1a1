/**
 * Finds what a column of doubles really counts. Most logged numbers are not noise down to the last bit: an accuracy is
 * k/1797, a loss was rounded to four decimals, a latency is a difference of clock readings times 1000. As integers k
 * they take a few bits where their double patterns take fifty.
 */

/** How an integer k becomes a value. The numbers are part of the format. */
export const PATTERN = 0; // k is the 64-bit pattern of the double
export const RATIO = 1; // k / q
export const RATIO32 = 2; // k / q, rounded to float32
export const MILLIS = 3; // k * 1000 / q, q a power of two: milliseconds from a clock held in seconds
export type Kind = typeof PATTERN | typeof RATIO | typeof RATIO32 | typeof MILLIS;

/** A way to write values as integers. */
export interface Scale {
  kind: Kind;
  /** Denominator, 1..2^53. */
  q: number;
}

/** Largest integer that a column may hold. */
const MAX_INTEGER = 2 ** 53;
const MAX_DECIMAL = 1e12;
/** Convergents with larger denominators would hit any double (float32) by chance. */
const MAX_RATIO = 1e7;
const MAX_RATIO32 = 1024;
const MAX_DECIMAL32 = 1e5;
const MAX_CLOCK = 2 ** 44;
const MAX_CLOCK_INTEGER = 2 ** 42;

/** The value of integer k under a scale other than PATTERN. */
export function restore(kind: Kind, q: number, k: number): number {
  if (kind === RATIO) return k / q;
  return kind === RATIO32 ? Math.fround(k / q) : (k * 1000) / q;
}

/** The integer that {@link restore} turns into exactly this value, or NaN when there is none (as for NaN and -0). */
export function integerOf(kind: Kind, q: number, value: number): number {
  const k = Math.round(kind === MILLIS ? (value * q) / 1000 : value * q) + 0; // + 0 makes -0 a 0
  const exact = Math.abs(k) <= MAX_INTEGER && Object.is(restore(kind, q, k), value);
  return exact ? k : Number.NaN;
}

/** A family of scales: from one denominator to a multiple of it that also covers `value`, or 0 when there is none. */
type Grow = (q: number, value: number) => number;

function multiply(kind: Kind, factor: number, limit: number, largest: number): Grow {
  return (q, value) => {
    for (let next = q * factor; next <= limit; next *= factor) {
      const k = integerOf(kind, next, value);
      if (Math.abs(k) > largest) return 0;
      if (!Number.isNaN(k)) return next;
    }
    return 0;
  };
}

function ratio(kind: Kind, limit: number): Grow {
  return (q, value) => {
    const own = denominator(kind, value, limit);
    const next = own === 0 ? 0 : (q / gcd(q, own)) * own;
    return next <= limit ? next : 0;
  };
}

/** Smallest continued-fraction denominator up to `limit` that gives exactly this value; 0 when there is none. */
function denominator(kind: Kind, value: number, limit: number): number {
  let rest = Math.abs(value);
  let before = 1;
  let q = 0;
  for (;;) {
    const whole = Math.floor(rest);
    [before, q] = [q, whole * q + before];
    if (!(q <= limit)) return 0;
    if (!Number.isNaN(integerOf(kind, q, value))) return q;
    rest = 1 / (rest - whole);
  }
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

const decimals = multiply(RATIO, 10, MAX_DECIMAL, MAX_INTEGER);
const ratios = ratio(RATIO, MAX_RATIO);
const decimals32 = multiply(RATIO32, 10, MAX_DECIMAL32, MAX_INTEGER);
const ratios32 = ratio(RATIO32, MAX_RATIO32);
const clocks = multiply(MILLIS, 2, MAX_CLOCK, MAX_CLOCK_INTEGER);

/**
 * The smallest denominator of a family that covers all values but at most an eighth, or 0. Gives up early on noise:
 * that is the common case, and it must stay cheap.
 */
function commonScale(values: Float64Array, n: number, kind: Kind, grow: Grow): number {
  let q = 1;
  let misses = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(integerOf(kind, q, value))) continue;
    // Values out of all proportion are exceptions anyhow; growing for them would only cost time.
    const next = Math.abs(value) < MAX_INTEGER ? grow(q, value) : 0;
    if (next !== 0) q = next;
    else if (++misses > 3 + (i >> 3)) return 0;
  }
  return misses <= Math.max(1, n >> 3) ? q : 0;
}

/** Scales worth trying on the first n values, besides PATTERN. */
export function scalesOf(values: Float64Array, n: number): Scale[] {
  const decimal = commonScale(values, n, RATIO, decimals);
  const rational = decimal === 1 ? 0 : commonScale(values, n, RATIO, ratios);
  if (decimal !== 0 || rational !== 0) {
    const found = decimal === rational ? [decimal] : [decimal, rational];
    return found.filter((q) => q !== 0).map((q) => ({ kind: RATIO, q }));
  }
  if (mostlyFloat32(values, n)) {
    const q = commonScale(values, n, RATIO32, ratios32) || commonScale(values, n, RATIO32, decimals32);
    return q === 0 ? [] : [{ kind: RATIO32, q }];
  }
  const q = commonScale(values, n, MILLIS, clocks);
  return q === 0 ? [] : [{ kind: MILLIS, q }];
}

function mostlyFloat32(values: Float64Array, n: number): boolean {
  let misses = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if (Math.fround(value) !== value && ++misses > n >> 3) return false;
  }
  return true;
}
