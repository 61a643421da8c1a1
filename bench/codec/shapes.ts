/** Synthetic series, seeded: each shape stands for a kind of metric that people log. */
import type { Columns } from "../../src/metrics/block";

interface Point {
  step: number;
  timestamp: number;
  value: number;
}

export interface Series {
  name: string;
  what: string;
  columns: Columns;
}

const START = 1_760_000_000_000;

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A double with all 53 bits random; the generator above alone gives 32. */
function fine(random: () => number): number {
  return random() + random() / 2 ** 32;
}

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - fine(random))) * Math.cos(2 * Math.PI * fine(random));
}

function sorted(points: Point[]): Columns {
  points.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp || a.value - b.value);
  return inOrder(points);
}

function inOrder(points: Point[]): Columns {
  return {
    steps: Float64Array.from(points, (p) => p.step),
    timestamps: Float64Array.from(points, (p) => p.timestamp),
    values: Float64Array.from(points, (p) => p.value),
  };
}

/** A training loss: decay, noise in proportion, rare spikes; one step each 650 ± 80 ms, a pause each 2000 steps. */
function loss(n: number, seed: number): Point[] {
  const random = seeded(seed);
  let timestamp = START;
  return Array.from({ length: n }, (_, step) => {
    timestamp += Math.round(650 + 80 * gauss(random)) + (step > 0 && step % 2000 === 0 ? 15_000 : 0);
    const spike = random() < 0.001 ? 5 : 1;
    const value = (0.25 + 2 * Math.exp((-4 * step) / n)) * Math.exp(0.08 * gauss(random)) * spike;
    return { step, timestamp, value };
  });
}

/** An accuracy of `of` examples, evaluated each 100 steps. */
function accuracy(n: number, of: number): Point[] {
  const random = seeded(of);
  let timestamp = START;
  return Array.from({ length: n }, (_, i) => {
    timestamp += Math.round(65_000 + 800 * gauss(random));
    const share = 0.93 - 0.83 * Math.exp((-6 * i) / n) + 0.004 * gauss(random);
    return { step: 100 * i, timestamp, value: Math.round(Math.min(1, Math.max(0, share)) * of) / of };
  });
}

/** A learning rate: warm-up, then cosine. */
function learningRate(n: number): Point[] {
  const points = loss(n, 4);
  const warmUp = n / 50;
  const rate = (i: number) =>
    i < warmUp ? (3e-4 * i) / warmUp : 1.5e-4 * (1 + Math.cos((Math.PI * (i - warmUp)) / (n - warmUp)));
  return points.map((p, i) => ({ ...p, value: rate(i) }));
}

/** A request's latency in ms: the difference of two readings of a nanosecond clock held in seconds, all at step 0. */
function latency(n: number): Point[] {
  const random = seeded(5);
  let now = 98_765_432_109_876;
  return Array.from({ length: n }, () => {
    now += Math.round((random() < 0.3 ? 5e4 : 4e7) * -Math.log(1 - random()));
    const took = Math.round(2e7 * Math.exp(0.5 * gauss(random)));
    const value = ((now + took) / 1e9 - now / 1e9) * 1000;
    return { step: 0, timestamp: START + Math.floor(now / 1e6), value };
  });
}

/** A machine's CPU use with one decimal, each 10 s. */
function cpu(n: number): Point[] {
  const random = seeded(6);
  let level = 60;
  return Array.from({ length: n }, (_, step) => {
    level = Math.min(95, Math.max(5, level + 1.5 * gauss(random)));
    const value = Math.round(10 * Math.min(100, Math.max(0, level + 4 * gauss(random)))) / 10;
    return { step, timestamp: START + 10_000 * step + Math.floor(5 * random()), value };
  });
}

function mapValues(points: Point[], change: (value: number) => number): Point[] {
  return points.map((p) => ({ ...p, value: change(p.value) }));
}

/** The six shapes that count for the average. */
export function shapes(n: number): Series[] {
  return [
    { name: "a", what: "loss, float32", columns: sorted(mapValues(loss(n, 1), Math.fround)) },
    { name: "b", what: "loss, float64", columns: sorted(loss(n, 2)) },
    { name: "c", what: "accuracy k / 10000", columns: sorted(accuracy(n, 10_000)) },
    { name: "d", what: "learning rate, warm-up and cosine", columns: sorted(learningRate(n)) },
    { name: "e", what: "latency, ms from a clock in seconds", columns: sorted(latency(n)) },
    { name: "f", what: "CPU %, one decimal", columns: sorted(cpu(n)) },
  ];
}

/** Other turns of the same. */
export function variants(n: number): Series[] {
  const random = seeded(7);
  const float32 = mapValues(loss(n, 1), Math.fround);
  const late = float32
    .map((point, i) => ({ point, place: i + (random() < 0.3 ? 20 * random() : 0) }))
    .sort((a, b) => a.place - b.place)
    .map(({ point }) => point);
  const damaged = mapValues(float32, (value) => {
    const chance = random();
    if (chance < 0.005) return Number.NaN;
    return chance < 0.007 ? Number.MAX_VALUE : value;
  });
  return [
    { name: "a_ooo", what: "a, 30 % up to 20 places late, unsorted", columns: inOrder(late) },
    { name: "a_nan", what: "a, 0.5 % NaN, 0.2 % largest double", columns: sorted(damaged) },
    { name: "c_1797", what: "accuracy k / 1797", columns: sorted(accuracy(n, 1797)) },
    {
      name: "c_f32",
      what: "accuracy k / 10000, float32",
      columns: sorted(mapValues(accuracy(n, 10_000), Math.fround)),
    },
    {
      name: "e_r3",
      what: "e, three decimals",
      columns: sorted(mapValues(latency(n), (x) => Math.round(x * 1000) / 1000)),
    },
  ];
}
