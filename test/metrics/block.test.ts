import { describe, expect, it } from "vitest";
import {
  BLOCK_POINTS,
  blockCount,
  type Columns,
  DamagedBlockError,
  decodeBlock,
  encodeBlock,
} from "../../src/metrics/block";

type Random = () => number;
type Shape = (random: Random, i: number) => number;

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LARGEST_STEP = 2 ** 53;
const EXTREMES = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.2250738585072014e-308,
  0,
  -0,
  1,
  -1,
  LARGEST_STEP,
  -LARGEST_STEP,
  2 ** 63,
  -(2 ** 63),
  0.1,
  1 / 3,
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function anyDouble(random: Random): number {
  return new Float64Array(Uint32Array.of(random() * 2 ** 32, random() * 2 ** 32).buffer)[0] as number;
}

const integerShapes: Record<string, Shape> = {
  constant: () => 7,
  "one by one": (_, i) => i,
  "by hundreds": (_, i) => 100 * i - 5_000,
  "a clock": (random, i) => 1_760_000_000_000 + 650 * i + Math.round(80 * random()),
  "a clock out of order": (random, i) => 1_760_000_000_000 + 650 * (i - Math.floor(20 * random())),
  parabola: (_, i) => i * i * 1_000_003,
  "32 bits": (random) => Math.floor((random() - 0.5) * 2 ** 32),
  "all of ±2^53": (random) => Math.round((random() * 2 - 1) * LARGEST_STEP),
  "the ends of ±2^53": (random) => pick(random, [-LARGEST_STEP, LARGEST_STEP, 1 - LARGEST_STEP, LARGEST_STEP - 1]),
  "up to 2^53": (_, i) => LARGEST_STEP - BLOCK_POINTS + i,
  "trailing zeros": (random) => Math.floor(random() * 2 ** 20) * 2 ** 33,
  "a step from end to end": (_, i) => (i < 9 ? -LARGEST_STEP : LARGEST_STEP),
};

const valueShapes: Record<string, Shape> = {
  ...integerShapes,
  extremes: (random) => pick(random, EXTREMES),
  "any bits": anyDouble,
  noise: (random) => random() - 0.5,
  "noise, float32": (random) => Math.fround(random()),
  "decay, float32": (random, i) => Math.fround(2 * Math.exp(-i / 200) + 0.01 * random()),
  cosine: (_, i) => 0.0005 * (1 + Math.cos((Math.PI * i) / 100_000)),
  "four decimals": (random) => Math.round(random() * 1e4) / 1e4,
  "twelve decimals": (random) => Math.round(random() * 1e12) / 1e12,
  "k / 1797": (random) => Math.floor(random() * 1798) / 1797,
  "k / 1797 of both signs": (random) => (Math.floor(random() * 1798) - 900) / 1797,
  "k / 360, float32": (random) => Math.fround(Math.floor(random() * 361) / 360),
  "k / 10000, float32": (random) => Math.fround(Math.floor(random() * 10_001) / 10_000),
  "k / 1797 with NaN and -0": (random) =>
    random() < 0.05 ? pick(random, [Number.NaN, -0]) : Math.floor(random() * 9) / 1797,
  "NaN, then decimals": (random, i) => (i < 20 ? Number.NaN : Math.round(random() * 100) / 100),
  "all NaN": () => Number.NaN,
  "all -0": () => -0,
  "half NaN": (random, i) => (i % 2 ? Number.NaN : random()),
  "milliseconds from seconds": (random, i) => (98_765.4321 + i + 0.05 * random() - (98_765.4321 + i)) * 1000,
  denormals: (random) => Math.floor(random() * 1000) * Number.MIN_VALUE,
  "all magnitudes": (random) => (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300),
  "spikes of the largest": (random) => (random() < 0.02 ? Number.MAX_VALUE : Math.fround(random())),
};

function columnsOf(n: number, random: Random, step: Shape, timestamp: Shape, value: Shape): Columns {
  return {
    steps: Float64Array.from({ length: n }, (_, i) => step(random, i)),
    timestamps: Float64Array.from({ length: n }, (_, i) => timestamp(random, i)),
    values: Float64Array.from({ length: n }, (_, i) => value(random, i)),
  };
}

function emptyColumns(n: number): Columns {
  return { steps: new Float64Array(n), timestamps: new Float64Array(n), values: new Float64Array(n) };
}

/** Index of the first difference, NaN like NaN and -0 unlike 0; -1 when there is none. */
function firstDifference(a: Float64Array, b: Float64Array): number {
  return a.length === b.length ? a.findIndex((x, i) => !Object.is(x, b[i])) : -2;
}

function expectRoundTrip(columns: Columns, what: string): Uint8Array {
  const n = columns.values.length;
  const bytes = encodeBlock(columns, 0, n);
  expect(blockCount(bytes), what).toBe(n);
  const out = emptyColumns(n);
  expect(decodeBlock(bytes, out, 0), what).toBe(n);
  for (const name of ["steps", "timestamps", "values"] as const) {
    expect(firstDifference(columns[name], out[name]), `${what}: ${name}`).toBe(-1);
  }
  return bytes;
}

const COUNTS = [1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 34, 35, 63, 64, 65, 66, 100, 255, 256, 257, 511, 512];

describe("round trips", () => {
  for (const [name, shape] of Object.entries(valueShapes)) {
    it(`keeps values to the bit: ${name}`, () => {
      const random = seeded(name.length);
      for (const n of COUNTS) {
        expectRoundTrip(
          columnsOf(n, random, integerShapes["one by one"] as Shape, () => 0, shape),
          `${n} points`,
        );
      }
    });
  }

  for (const [name, shape] of Object.entries(integerShapes)) {
    it(`keeps steps and timestamps: ${name}`, () => {
      const random = seeded(name.length);
      for (const n of COUNTS)
        expectRoundTrip(
          columnsOf(n, random, shape, shape, () => 0.5),
          `${n} points`,
        );
    });
  }

  it("keeps every count of points", () => {
    const random = seeded(1);
    const { noise, "a clock": clock, "one by one": steps } = valueShapes as Record<string, Shape>;
    for (let n = 1; n <= BLOCK_POINTS; n++) {
      expectRoundTrip(columnsOf(n, random, steps as Shape, clock as Shape, noise as Shape), `${n} points`);
    }
  });

  it("keeps random mixtures of shapes", () => {
    const random = seeded(2026);
    for (let round = 0; round < 2_000; round++) {
      const n = 1 + Math.floor(random() ** 3 * BLOCK_POINTS);
      const integers = Object.values(integerShapes);
      const [a, b] = [pick(random, Object.values(valueShapes)), pick(random, Object.values(valueShapes))];
      const share = pick(random, [0, 0, 0.01, 0.1, 0.5]);
      const mixture: Shape = (r, i) => (r() < share ? b(r, i) : a(r, i));
      expectRoundTrip(columnsOf(n, random, pick(random, integers), pick(random, integers), mixture), `round ${round}`);
    }
  });

  it("drops a NaN's payload", () => {
    const values = new Float64Array(new BigUint64Array([0xfff8000000000123n, 0x7ff0000000000001n]).buffer);
    const columns = { steps: new Float64Array(2), timestamps: new Float64Array(2), values };
    const out = emptyColumns(2);
    decodeBlock(encodeBlock(columns, 0, 2), out, 0);
    expect([...new BigUint64Array(out.values.buffer)]).toEqual([0x7ff8000000000000n, 0x7ff8000000000000n]);
  });
});

describe("ranges", () => {
  const columns = columnsOf(
    1_500,
    seeded(3),
    (_, i) => i,
    (_, i) => 1_000 * i,
    (random) => random(),
  );

  it("fills one set of columns with many blocks, and touches nothing else", () => {
    const out = emptyColumns(1_502);
    for (const column of Object.values(out)) column.fill(-1);
    let at = 1;
    for (let from = 0; from < 1_500; from += 500) at += decodeBlock(encodeBlock(columns, from, from + 500), out, at);
    expect(at).toBe(1_501);
    for (const name of ["steps", "timestamps", "values"] as const) {
      expect(firstDifference(columns[name], out[name].subarray(1, 1_501))).toBe(-1);
      expect([out[name][0], out[name][1_501]]).toEqual([-1, -1]);
    }
  });

  it("decodes into views that begin in the middle of their buffer", () => {
    const whole = emptyColumns(40);
    const out = {
      steps: whole.steps.subarray(7),
      timestamps: whole.timestamps.subarray(3),
      values: whole.values.subarray(5),
    };
    decodeBlock(encodeBlock(columns, 100, 130), out, 2);
    expect(firstDifference(columns.values.subarray(100, 130), whole.values.subarray(7, 37))).toBe(-1);
  });

  it("reads a block that lies in the middle of a larger buffer", () => {
    const bytes = encodeBlock(columns, 0, 100);
    const buffer = new Uint8Array(bytes.length + 13).fill(255);
    buffer.set(bytes, 5);
    const out = emptyColumns(100);
    expect(decodeBlock(buffer.subarray(5, 5 + bytes.length), out, 0)).toBe(100);
    expect(firstDifference(columns.values.subarray(0, 100), out.values)).toBe(-1);
  });

  it("refuses ranges that are no block", () => {
    for (const [from, to] of [
      [0, 0],
      [5, 4],
      [-1, 3],
      [0, BLOCK_POINTS + 1],
      [1_499, 1_501],
      [Number.NaN, 1],
    ] as const) {
      expect(() => encodeBlock(columns, from, to), `${from} to ${to}`).toThrow(RangeError);
    }
  });

  it("refuses columns without room, and leaves them as they were", () => {
    const bytes = encodeBlock(columns, 0, 10);
    const out = emptyColumns(10);
    expect(() => decodeBlock(bytes, out, 1)).toThrow(RangeError);
    expect(() => decodeBlock(bytes, out, -1)).toThrow(RangeError);
    expect(() => decodeBlock(bytes, { ...out, steps: new Float64Array(9) }, 0)).toThrow(RangeError);
    expect([...out.values]).toEqual(new Array(10).fill(0));
  });
});

describe("damage", () => {
  const shapes = valueShapes as Record<string, Shape>;
  const blocks = [
    ["one by one", "a clock", "noise, float32", 1],
    ["one by one", "a clock", "k / 1797 with NaN and -0", 40],
    ["all of ±2^53", "the ends of ±2^53", "any bits", 33],
    ["constant", "constant", "all NaN", 512],
    ["one by one", "a clock", "decay, float32", 512],
    ["by hundreds", "a clock out of order", "spikes of the largest", 300],
  ].map(([steps, timestamps, values, n]) => {
    const [a, b, c] = [shapes[steps as string], shapes[timestamps as string], shapes[values as string]];
    return encodeBlock(columnsOf(n as number, seeded(9), a as Shape, b as Shape, c as Shape), 0, n as number);
  });
  const out = emptyColumns(BLOCK_POINTS);

  function refused(bytes: Uint8Array): boolean {
    try {
      decodeBlock(bytes, out, 0);
      return false;
    } catch (error) {
      if (error instanceof DamagedBlockError) return true;
      throw error;
    }
  }

  it("notices every change of a single byte", () => {
    for (const [which, block] of blocks.entries()) {
      for (let at = 0; at < block.length; at++) {
        const flips = block.length < 400 ? Array.from({ length: 255 }, (_, i) => i + 1) : [1, 16, 128, 255];
        for (const flip of flips) {
          const bytes = block.slice();
          bytes[at] = (bytes[at] as number) ^ flip;
          if (!refused(bytes)) expect.fail(`block ${which}, byte ${at} ^ ${flip}`);
        }
      }
    }
    expect(blocks.every((block) => !refused(block))).toBe(true);
  });

  it("notices every truncation, and bytes too many", () => {
    for (const [which, block] of blocks.entries()) {
      for (let length = 0; length < block.length; length++) {
        if (!refused(block.subarray(0, length))) expect.fail(`block ${which}, ${length} bytes`);
      }
      for (const extra of [1, 4, 9]) {
        const longer = new Uint8Array(block.length + extra);
        longer.set(block);
        expect(refused(longer)).toBe(true);
      }
    }
  });

  it("meets malformed bytes under a matching checksum with DamagedBlockError or a decoded block, never another error", () => {
    const random = seeded(11);
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const block = pick(random, blocks).slice();
      for (let change = 0; change < 1 + random() * 3; change++) block[Math.floor(random() * 60)] = random() * 256;
      if (!refused(sealed(block))) accepted++;
    }
    // Most such changes are of data, and make another well-formed block.
    expect(accepted).toBeGreaterThan(0);
  });

  it("refuses a count out of bounds without reading on", () => {
    for (const count of [[0], [0x81, 0x04], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]]) {
      const bytes = Uint8Array.of(1, ...count, ...new Array(40).fill(0));
      expect(() => blockCount(bytes)).toThrow(DamagedBlockError);
      expect(() => decodeBlock(sealed(bytes), out, 0)).toThrow(DamagedBlockError);
    }
    for (const bytes of [Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(2, 1, 0, 0, 0, 0)]) {
      expect(() => blockCount(bytes)).toThrow(DamagedBlockError);
    }
  });

  /** The bytes with a right checksum, worked out here bit by bit. */
  function sealed(bytes: Uint8Array): Uint8Array {
    let crc = -1;
    for (const byte of bytes.subarray(0, -4)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    new DataView(bytes.buffer, bytes.byteOffset).setInt32(bytes.length - 4, ~crc, true);
    return bytes;
  }
});

// Guards against growth: each bound lies a little above what the block measured when it was written.
describe("sizes", () => {
  const clock = integerShapes["a clock"] as Shape;
  const steps = integerShapes["one by one"] as Shape;
  it.each([
    ["noise, float32", 5],
    ["k / 1797", 3],
    ["four decimals", 3.3],
    ["k / 360, float32", 2.7],
    ["milliseconds from seconds", 6],
    ["cosine", 2.2],
    ["noise", 9],
    ["all NaN", 1.5],
  ] as const)("packs %s into %d bytes a point at most", (name, most) => {
    const bytes = expectRoundTrip(columnsOf(512, seeded(5), steps, clock, valueShapes[name] as Shape), name);
    expect(bytes.length / 512).toBeLessThanOrEqual(most);
  });

  it("spends few bytes on small blocks", () => {
    const block = (n: number) => encodeBlock(columnsOf(n, seeded(6), steps, clock, valueShapes.noise as Shape), 0, n);
    expect(block(1).length).toBeLessThanOrEqual(32);
    expect(block(8).length).toBeLessThanOrEqual(110);
  });
});
