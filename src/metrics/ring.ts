/**
 * The newest observations of a run in order of arrival, for its viewers and for those who come back. Bounded: the oldest
 * make room. Each observation is numbered by its sequence: how many the run had accepted with it.
 */
import type { Columns } from "./block";
import { newColumns } from "./observation";

const FIRST_CAPACITY = 1024;
/** Observations held at most: 7 MB. */
const MAX_CAPACITY = 262_144;
/** Distinct keys held at most; beyond, the ring starts anew. */
const MAX_KEYS = 20_000;

export class Ring {
  #columns = newColumns(FIRST_CAPACITY);
  #keyIds = new Int32Array(FIRST_CAPACITY);
  #names: string[] = [];
  #ids = new Map<string, number>();
  /** Sequence before the first observation ever added; undefined until it is known. */
  #base: number | undefined;
  /** Counts since the base: the oldest held, those that may be read, those added. */
  #oldest = 0;
  #durable = 0;
  #added = 0;
  readonly #maxCapacity: number;

  /** @param base the run's sequence now; without it the first `confirm` tells */
  constructor(base?: number, maxCapacity = MAX_CAPACITY) {
    this.#base = base;
    this.#maxCapacity = maxCapacity;
  }

  /** The sequence after which everything confirmed is here; undefined until known. */
  get start(): number | undefined {
    return this.#base === undefined ? undefined : this.#base + this.#oldest;
  }

  /** The newest confirmed sequence; undefined until known. */
  get end(): number | undefined {
    return this.#base === undefined ? undefined : this.#base + this.#durable;
  }

  /** Takes an observation that nobody may read before it is confirmed. */
  add(key: string, step: number, timestamp: number, value: number): void {
    const capacity = this.#keyIds.length;
    if (this.#added - this.#oldest === capacity) {
      if (capacity < this.#maxCapacity) this.#grow(capacity * 2);
      else this.#oldest++;
    }
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#names.push(key) - 1;
      this.#ids.set(key, id);
    }
    const slot = this.#added++ % this.#keyIds.length;
    this.#keyIds[slot] = id;
    this.#columns.steps[slot] = step;
    this.#columns.timestamps[slot] = timestamp;
    this.#columns.values[slot] = value;
  }

  /** Everything added is durable, and the run's sequence with it is `sequence`. */
  confirm(sequence: number): void {
    this.#base ??= sequence - this.#added;
    this.#durable = this.#added;
    // More or other observations than were added here, or too many keys: what is held can't be told apart any more.
    if (this.end !== sequence || this.#names.length > MAX_KEYS) {
      this.#base = sequence;
      this.#oldest = this.#durable = this.#added = 0;
      this.#names = [];
      this.#ids.clear();
    }
  }

  /** What was confirmed after `sequence` (not before `start`), by key in order of arrival; only `keys` where given. */
  after(sequence: number, keys?: ReadonlySet<string>): Map<string, Columns> {
    const from = sequence - (this.#base ?? sequence);
    const counts = new Map<number, number>();
    const wanted = this.#names.map((name) => !keys || keys.has(name));
    for (let i = from; i < this.#durable; i++) {
      const id = this.#keyIds[i % this.#keyIds.length] as number;
      if (wanted[id]) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const out = new Map<number, { columns: Columns; length: number }>();
    for (const [id, count] of counts) out.set(id, { columns: newColumns(count), length: 0 });
    for (let i = from; i < this.#durable; i++) {
      const slot = i % this.#keyIds.length;
      const own = out.get(this.#keyIds[slot] as number);
      if (!own) continue;
      own.columns.steps[own.length] = this.#columns.steps[slot] as number;
      own.columns.timestamps[own.length] = this.#columns.timestamps[slot] as number;
      own.columns.values[own.length] = this.#columns.values[slot] as number;
      own.length++;
    }
    return new Map(Array.from(out, ([id, { columns }]) => [this.#names[id] as string, columns]));
  }

  #grow(capacity: number): void {
    const columns = newColumns(capacity);
    const keyIds = new Int32Array(capacity);
    const old = this.#keyIds.length;
    for (let i = this.#oldest; i < this.#added; i++) {
      keyIds[i % capacity] = this.#keyIds[i % old] as number;
      columns.steps[i % capacity] = this.#columns.steps[i % old] as number;
      columns.timestamps[i % capacity] = this.#columns.timestamps[i % old] as number;
      columns.values[i % capacity] = this.#columns.values[i % old] as number;
    }
    this.#columns = columns;
    this.#keyIds = keyIds;
  }
}
