/** Measures the block codec on some series. Runs in Node and in workerd alike; a clock of whole milliseconds will do. */
import { BLOCK_POINTS, type Columns, decodeBlock, encodeBlock } from "../../src/metrics/block";
import type { Series } from "./shapes";

export interface Result {
  name: string;
  what: string;
  points: number;
  /** Bytes a point, as bytes and as base64 text. */
  raw: number;
  base64: number;
  /** Million points a second, median of the rounds. */
  encode: number;
  decode: number;
}

const ROUNDS = 7;

export function measure({ name, what, columns }: Series, milliseconds: number): Result {
  const n = columns.values.length;
  const encodeAll = () => {
    const blocks: Uint8Array[] = [];
    for (let from = 0; from < n; from += BLOCK_POINTS)
      blocks.push(encodeBlock(columns, from, Math.min(from + BLOCK_POINTS, n)));
    return blocks;
  };
  const blocks = encodeAll();
  const out: Columns = { steps: new Float64Array(n), timestamps: new Float64Array(n), values: new Float64Array(n) };
  const decodeAll = () => {
    let at = 0;
    for (const block of blocks) at += decodeBlock(block, out, at);
  };
  decodeAll();
  for (const column of ["steps", "timestamps", "values"] as const) {
    const wrong = columns[column].findIndex((x, i) => !Object.is(x, out[column][i]));
    if (wrong !== -1) throw new Error(`${name}: ${column}[${wrong}] came back wrong`);
  }
  const raw = blocks.reduce((sum, block) => sum + block.length, 0) / n;
  const base64 = blocks.reduce((sum, block) => sum + 4 * Math.ceil(block.length / 3), 0) / n;
  return {
    name,
    what,
    points: n,
    raw,
    base64,
    encode: speed(encodeAll, n, milliseconds),
    decode: speed(decodeAll, n, milliseconds),
  };
}

/** Median million points a second over rounds of at least so many milliseconds each. */
function speed(work: () => void, points: number, milliseconds: number): number {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    let done = 0;
    let elapsed = 0;
    while (elapsed < milliseconds) {
      work();
      done += points;
      elapsed = performance.now() - begun;
    }
    rates.push(done / elapsed / 1000);
  }
  return rates.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}
