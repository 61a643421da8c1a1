/** The observations of a run's log that D1 may lack, by key, in memory. */
import { Arrivals } from "./arrivals";
import { BLOCK_POINTS, type Columns } from "./block";
import type { Counts } from "./commit-queue";
import type { KeyLatest } from "./log-calls";
import { decodePacks, encodePack, type KeyedColumns } from "./pack";
import { Series } from "./series";

/** A key, or all keys together, with this many points are published without waiting for the log's period. */
const KEY_POINTS = 8 * BLOCK_POINTS;
const TOTAL_POINTS = 65_536;

/** A publish on its way: what it took of each key, so that the log can be trimmed once D1 has it. */
export interface InFlight {
  position: number;
  /** Observations sealed, of all keys. */
  count: number;
  sealed: Map<string, number>;
  carried: Map<string, number>;
}

type Take = (key: string, step: number, timestamp: number, value: number) => void;

export class Unpublished {
  readonly #series = new Map<string, Series>();
  /** Hands on what is added to some keys. */
  readonly arrivals = new Arrivals(this.#series);
  #points = 0;
  #longest = 0;

  /** Every key's. */
  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  /** Observations of all keys, exact repeats dropped. */
  get points(): number {
    return this.#points;
  }

  /** Whether there is so much that it should be published soon. */
  get isDue(): boolean {
    return this.#points >= TOTAL_POINTS || this.#longest >= KEY_POINTS;
  }

  /** Adds packs of observations, those of some keys left out; what is new goes to `take`, too. */
  add(packs: Uint8Array, except?: ReadonlySet<string>, take?: Take): Counts {
    const counts = { accepted: 0, duplicate: 0 };
    let lastKey: string | undefined;
    let series: Series | undefined;
    decodePacks(packs, (key, step, timestamp, value) => {
      if (except?.has(key)) return;
      if (key !== lastKey || !series) {
        series = this.#series.get(key) ?? new Series();
        this.#series.set(key, series);
        lastKey = key;
      }
      if (series.add(step, timestamp, value)) {
        counts.accepted++;
        take?.(key, step, timestamp, value);
      } else counts.duplicate++;
      if (series.length > this.#longest) this.#longest = series.length;
    });
    this.#points += counts.accepted;
    return counts;
  }

  /** Every key's observations, or some keys', as one pack; none where there are none. */
  packs(keys: Iterable<string> = this.#series.keys()): Uint8Array[] {
    const keyed: KeyedColumns[] = [];
    for (const key of keys) {
      const series = this.#series.get(key);
      if (series && series.length > 0) keyed.push({ key, columns: series.columns() });
    }
    return keyed.length > 0 ? [encodePack(keyed)] : [];
  }

  /** The latest observation of every key. */
  latest(): KeyLatest[] {
    return Array.from(this.#series).flatMap(([key, series]) => {
      const last = series.latest();
      return last ? [{ key, ...last }] : [];
    });
  }

  /** What a publish at a position takes: every key where asked, or in a log full of small ones; else those that fill a block. */
  cut(position: number, all: boolean): { inFlight: InFlight; columns: Map<string, Columns> } {
    const inFlight: InFlight = { position, count: 0, sealed: new Map(), carried: new Map() };
    const columns = new Map<string, Columns>();
    const everything = all || this.#points >= TOTAL_POINTS;
    for (const [key, series] of this.#series) {
      if (everything || series.length >= BLOCK_POINTS) {
        inFlight.count += series.length;
        inFlight.sealed.set(key, series.length);
        columns.set(key, series.columns());
      } else {
        inFlight.carried.set(key, series.length);
      }
    }
    return { inFlight, columns };
  }

  /** Drops what a publish sealed, and gives what it left out as packs. */
  drop({ sealed, carried }: InFlight): Uint8Array[] {
    this.arrivals.across(() => {
      for (const [key, count] of sealed) this.#drop(key, count);
    });
    this.#longest = Math.max(0, ...Array.from(this.#series.values(), (s) => s.length));
    const carry: KeyedColumns[] = [];
    for (const [key, count] of carried) {
      const columns = this.#series.get(key)?.columns(0, count);
      if (columns) carry.push({ key, columns });
    }
    return carry.length > 0 ? [encodePack(carry)] : [];
  }

  #drop(key: string, count: number): void {
    const series = this.#series.get(key);
    if (!series) return;
    this.#points -= count;
    if (series.length === count) this.#series.delete(key);
    else series.drop(count);
  }

  clear(): void {
    this.arrivals.across(() => this.#series.clear());
    this.#points = 0;
    this.#longest = 0;
  }
}
