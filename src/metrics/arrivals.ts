/**
 * What arrives of some keys of a log, handed on in columns. They are views of what the log holds anyway: following a key
 * costs nothing for an observation or a commit.
 */
import type { Columns } from "./block";
import type { Series } from "./series";

/** Observations that wait although the log dropped them at most; the rest is not handed on. */
const MAX_LEFT = 200_000;

export class Arrivals {
  readonly #series: ReadonlyMap<string, Series>;
  /** How many observations of each followed key were there before. */
  #seen = new Map<string, number>();
  /** Of each followed key, what the log dropped before it was handed on. */
  #left = new Map<string, Columns[]>();
  #waiting = 0;

  constructor(series: ReadonlyMap<string, Series>) {
    this.#series = series;
  }

  /** Follows these keys and no others, from now on; take what arrived before first. */
  follow(keys: Iterable<string>): void {
    this.#seen = new Map(Array.from(keys, (key) => [key, this.#series.get(key)?.length ?? 0]));
    this.#left.clear();
    this.#waiting = 0;
  }

  /** What arrived since the last time, in order, of the keys of which something did. Views: they stay as they are. */
  take(): Map<string, Columns[]> {
    const taken = this.#left;
    this.#left = new Map();
    this.#waiting = 0;
    for (const key of this.#seen.keys()) {
      const columns = this.#new(key);
      if (columns) push(taken, key, columns);
    }
    return taken;
  }

  /** The log drops some of what it holds, by `drop`. */
  across(drop: () => void): void {
    for (const key of this.#seen.keys()) {
      const columns = this.#new(key);
      if (!columns || this.#waiting >= MAX_LEFT) continue;
      this.#waiting += columns.values.length;
      push(this.#left, key, columns);
    }
    drop();
    for (const key of this.#seen.keys()) this.#seen.set(key, this.#series.get(key)?.length ?? 0);
  }

  #new(key: string): Columns | undefined {
    const series = this.#series.get(key);
    const seen = this.#seen.get(key) ?? 0;
    if (!series || series.length <= seen) return undefined;
    this.#seen.set(key, series.length);
    return series.columns(seen);
  }
}

function push(all: Map<string, Columns[]>, key: string, columns: Columns): void {
  const known = all.get(key);
  if (known) known.push(columns);
  else all.set(key, [columns]);
}
