/** The unpublished observations of one key, in arrival order, without exact repeats. */
import type { Columns } from "./block";
import { compareAt, newColumns, slice } from "./observation";

const FIRST_CAPACITY = 16;

/** Doubles and the two 32-bit halves of each, for hashing. */
const scratch = new Float64Array(3);
const halves = new Uint32Array(scratch.buffer);

function hash(step: number, timestamp: number, value: number): number {
  scratch[0] = step;
  scratch[1] = timestamp;
  // Every NaN is one value here, whatever its bits.
  scratch[2] = Number.isNaN(value) ? Number.NaN : value;
  let h = 0x9e3779b9;
  for (let i = 0; i < 6; i++) {
    h = Math.imul(h ^ (halves[i] as number), 0x85ebca6b);
    h ^= h >>> 15;
  }
  return h >>> 0;
}

export class Series {
  length = 0;
  #columns: Columns = newColumns(FIRST_CAPACITY);
  /** Open addressing: slot → index + 1 of an observation, 0 for empty. Twice the capacity, so it never fills. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #latest = -1;

  /** Adds an observation; false when it is already here. */
  add(step: number, timestamp: number, value: number): boolean {
    const c = this.#columns;
    const mask = this.#slots.length - 1;
    let slot = hash(step, timestamp, value) & mask;
    for (let at = this.#slots[slot] as number; at !== 0; at = this.#slots[slot] as number) {
      const i = at - 1;
      if (c.steps[i] === step && c.timestamps[i] === timestamp && Object.is(c.values[i], value)) return false;
      slot = (slot + 1) & mask;
    }
    const i = this.length++;
    c.steps[i] = step;
    c.timestamps[i] = timestamp;
    c.values[i] = value;
    this.#slots[slot] = i + 1;
    if (this.#latest < 0 || compareAt(c, this.#latest, c, i) < 0) this.#latest = i;
    if (this.length === c.values.length) this.#grow(this.length * 2);
    return true;
  }

  /** The observations from `from` on, as they arrived. A view, which stays as it is whatever is added or dropped later. */
  columns(from = 0, to = this.length): Columns {
    return slice(this.#columns, from, to);
  }

  latest(): { step: number; timestamp: number; value: number } | undefined {
    const i = this.#latest;
    if (i < 0) return undefined;
    const c = this.#columns;
    return { step: c.steps[i] as number, timestamp: c.timestamps[i] as number, value: c.values[i] as number };
  }

  /** Forgets the first `count` observations. */
  drop(count: number): void {
    const rest = this.columns(count);
    const kept = newColumns(Math.max(FIRST_CAPACITY, powerOfTwo(rest.values.length + 1)));
    this.#columns = kept;
    this.#slots = new Int32Array(kept.values.length * 2);
    this.length = 0;
    this.#latest = -1;
    for (let i = 0; i < rest.values.length; i++) {
      this.add(rest.steps[i] as number, rest.timestamps[i] as number, rest.values[i] as number);
    }
  }

  #grow(capacity: number): void {
    const old = this.#columns;
    const bigger = newColumns(capacity);
    bigger.steps.set(old.steps);
    bigger.timestamps.set(old.timestamps);
    bigger.values.set(old.values);
    this.#columns = bigger;
    this.#slots = new Int32Array(capacity * 2);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.length; i++) {
      let slot = hash(bigger.steps[i] as number, bigger.timestamps[i] as number, bigger.values[i] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i + 1;
    }
  }
}

const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));
