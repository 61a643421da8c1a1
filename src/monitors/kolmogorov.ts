/**
 * The tail of the one-sample Kolmogorov–Smirnov distribution, which the test of two large samples refers to. The choice of
 * formula by n and d follows Simard & L'Ecuyer, "Computing the two-sided Kolmogorov–Smirnov distribution" (2011). Pure.
 */

/** Up to here everything is exact. */
const SMALL = 140;

/** P(D ≥ d) for n values (a whole number of them). */
export function kolmogorovTail(n: number, d: number): number {
  if (d >= 1) return 0;
  if (n * d <= 0.5) return 1;
  const square = n * d * d;
  if (n <= SMALL) return square > 4 ? clip(2 * smirnovTail(n, d)) : clip(1 - matrixFunction(n, d));
  if (square >= 370) return 0;
  if (square >= 2.2) return clip(2 * smirnovTail(n, d));
  if (n <= 100_000 && n * d ** 1.5 <= 1.4) return clip(1 - matrixFunction(n, d));
  return clip(1 - pelzGoodFunction(n, d));
}

const clip = (p: number): number => Math.min(1, Math.max(0, p));

/** P(D⁺ ≥ d), by Smirnov's sum; half of the two-sided tail where that is small. */
function smirnovTail(n: number, d: number): number {
  const last = Math.floor(n * (1 - d));
  const all = logFactorial(n);
  let sum = 0;
  for (let j = 0; j <= last; j++) {
    const rest = 1 - d - j / n;
    if (rest <= 0) break;
    const ways = all - logFactorial(j) - logFactorial(n - j);
    sum += Math.exp(ways + (j - 1) * Math.log(d + j / n) + (n - j) * Math.log(rest));
  }
  return d * sum;
}

const FACTORIALS = Array.from({ length: 21 }, (_, n) => {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return Math.log(product);
});

/** ln n!, by Stirling's series beyond the first few. */
function logFactorial(n: number): number {
  const known = FACTORIALS[n];
  if (known !== undefined) return known;
  const r = 1 / n;
  const correction = r / 12 - r ** 3 / 360 + r ** 5 / 1260 - r ** 7 / 1680;
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + correction;
}

/** P(D < d) exactly, as the power of a matrix (Durbin; Marsaglia, Tsang & Wang 2003). Cost grows with (n·d)³. */
function matrixFunction(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  let base = { cells: transitions(size, k - n * d), exponent: 0 };
  let power = { cells: identity(size), exponent: 0 };
  for (let left = n; left > 0; left >>= 1) {
    if (left % 2 === 1) power = multiplied(power, base, size);
    if (left > 1) base = multiplied(base, base, size);
  }
  let p = power.cells[(k - 1) * size + k - 1] as number;
  let exponent = power.exponent;
  for (let i = 1; i <= n; i++) {
    p *= i / n;
    if (p < 1e-140) {
      p *= 1e140;
      exponent -= 140;
    }
  }
  return p * 10 ** exponent;
}

function transitions(size: number, h: number): Float64Array {
  const cells = new Float64Array(size * size);
  const inverse = new Float64Array(size + 1).fill(1);
  for (let i = 1; i <= size; i++) inverse[i] = (inverse[i - 1] as number) / i;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= Math.min(i + 1, size - 1); j++) cells[i * size + j] = inverse[i - j + 1] as number;
  }
  for (let i = 0; i < size - 1; i++) {
    const edge = (1 - h ** (i + 1)) * (inverse[i + 1] as number);
    cells[i * size] = edge;
    cells[(size - 1) * size + size - 1 - i] = edge;
  }
  const corner = 1 - 2 * h ** size + (h > 0.5 ? (2 * h - 1) ** size : 0);
  cells[(size - 1) * size] = corner * (inverse[size] as number);
  return cells;
}

function identity(size: number): Float64Array {
  const cells = new Float64Array(size * size);
  for (let i = 0; i < size; i++) cells[i * size + i] = 1;
  return cells;
}

/** A matrix times a power of ten, so that its cells stay in range. */
interface Scaled {
  cells: Float64Array;
  exponent: number;
}

function multiplied(a: Scaled, b: Scaled, size: number): Scaled {
  const cells = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a.cells[i * size + k] as number;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) {
        cells[i * size + j] = (cells[i * size + j] as number) + factor * (b.cells[k * size + j] as number);
      }
    }
  }
  const middle = cells[((size - 1) / 2) * size + (size - 1) / 2] as number;
  const exponent = a.exponent + b.exponent;
  if (middle < 1e140) return { cells, exponent };
  return { cells: cells.map((cell) => cell * 1e-140), exponent: exponent + 140 };
}

/** P(D ≤ d) by the first four terms of its expansion in 1/√n (Pelz & Good 1976). */
function pelzGoodFunction(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const [z2, z4, z6, pi2] = [z ** 2, z ** 4, z ** 6, Math.PI ** 2];
  const [pi4, pi6] = [pi2 ** 2, pi2 ** 3];
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  const terms = Math.ceil((16 * z) / Math.PI) + 1;
  for (let i = terms; i >= 1; i--) {
    const m2 = (2 * i - 1) ** 2;
    const q = Math.exp((-pi2 * m2) / (8 * z2));
    sums[0] += q;
    sums[1] += q * ((pi2 / 4) * m2 - z2);
    sums[2] += q * (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) * pi2 * m2) / 4 + (pi4 * (1 - 2 * z2) * m2 ** 2) / 16);
    sums[3] +=
      q *
      (-30 * z6 -
        90 * z ** 8 +
        ((135 * z4 - 96 * z6) * pi2 * m2) / 4 +
        ((212 * z4 - 60 * z2) * pi4 * m2 ** 2) / 16 +
        ((5 - 30 * z2) * pi6 * m2 ** 3) / 64);
  }
  let [second, third] = [0, 0];
  for (let i = terms; i >= 1; i--) {
    const q = Math.exp((-pi2 * i * i) / (2 * z2)) * i * i;
    second += q;
    third += q * (3 * z2 - pi2 * i * i);
  }
  const root = Math.sqrt(2 * Math.PI);
  const k0 = (root / z) * sums[0];
  const k1 = (root / (6 * z4)) * sums[1];
  const k2 = root * (sums[2] / (72 * z ** 7) - (pi2 * second) / (36 * z ** 3));
  const k3 = root * (sums[3] / (6480 * z ** 10) + (pi2 * third) / (216 * z6));
  return k0 + k1 / Math.sqrt(n) + k2 / n + k3 / n ** 1.5;
}
