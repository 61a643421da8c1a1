/** Thinning one series to buckets as it is read: observations or cells go in in order of x, rows come out. Pure. */
import type { Columns } from "./block";
import type { Cells } from "./overview";
import type { ThinSeries } from "./series-format";

export type ThinRows = Pick<
  ThinSeries,
  "rows" | "points" | "nans" | "exact" | "smoothed" | "x" | "last" | "min" | "max" | "counts" | "nanCounts"
>;

/** What x is: of steps, or of timestamps less an origin; and the range wanted, both ends in it. */
export interface Axis {
  by: "steps" | "timestamps";
  origin: number;
  from: number;
  to: number;
  /** Bounds of the buckets. */
  low: number;
  high: number;
}

/** The debiased moving average, as the page computes it for series that come exactly. */
class Average {
  #l = 0;
  #left = 1;
  readonly #weight: number;

  constructor(weight: number) {
    this.#weight = weight;
  }

  /** The average with one more value; a NaN or an infinity changes nothing. NaN before the first value. */
  next(value: number): number {
    if (Math.abs(value) < Number.MAX_VALUE) {
      this.#l = this.#l * this.#weight + (1 - this.#weight) * value;
      this.#left *= this.#weight;
    }
    return this.#left === 1 ? Number.NaN : this.#l / (1 - this.#left);
  }
}

/** Points before a range after which the average no longer depends on what was before them (to 1 in 10^12). */
export const warmUp = (weight: number): number => (weight > 0 ? Math.ceil(Math.log(1e-12) / Math.log(weight)) : 0);

/** At most `buckets` rows, exactly the observations while they are no more than that. */
export class Thinner {
  readonly #axis: Axis;
  readonly #buckets: number;
  readonly #average: Average | undefined;
  #rows = 0;
  #points = 0;
  #nans = 0;
  /** Rows are observations until there are too many. */
  #exact = true;
  /** The bucket that the last row is of. */
  #bucket = -1;
  readonly #x: Float64Array;
  readonly #last: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #counts: Uint32Array;
  readonly #nanCounts: Uint32Array;
  readonly #smoothed: Float64Array | undefined;

  constructor(axis: Axis, buckets: number, smoothing?: number) {
    this.#axis = axis;
    this.#buckets = buckets;
    this.#x = new Float64Array(buckets);
    this.#last = new Float64Array(buckets);
    this.#min = new Float64Array(buckets);
    this.#max = new Float64Array(buckets);
    this.#counts = new Uint32Array(buckets);
    this.#nanCounts = new Uint32Array(buckets);
    if (smoothing !== undefined) {
      this.#average = new Average(smoothing);
      this.#smoothed = new Float64Array(buckets);
    }
  }

  /** Adds observations; those outside the range only count for the average. */
  points(columns: Columns): void {
    const { by, origin, from, to } = this.#axis;
    const xs = columns[by];
    const { values } = columns;
    for (let i = 0; i < values.length; i++) {
      const x = (xs[i] as number) - origin;
      const value = values[i] as number;
      const smoothed = this.#average?.next(value) ?? Number.NaN;
      if (x < from || x > to) continue;
      this.#add(x, value, value, value, 1, Number(Number.isNaN(value)), smoothed);
    }
  }

  /** Adds cells, all of them within the range. */
  cells(cells: Cells): void {
    const xs = cells[this.#axis.by];
    for (let i = 0; i < cells.counts.length; i++) {
      this.#add(
        (xs[i] as number) - this.#axis.origin,
        cells.last[i] as number,
        cells.min[i] as number,
        cells.max[i] as number,
        cells.counts[i] as number,
        cells.nans[i] as number,
        Number.NaN,
      );
    }
  }

  #add(x: number, last: number, min: number, max: number, count: number, nans: number, smoothed: number): void {
    if (this.#exact && (count > 1 || this.#rows === this.#buckets)) this.#pourIntoBuckets();
    this.#points += count;
    this.#nans += nans;
    if (this.#exact) this.#row(x, last, min, max, count, nans, smoothed);
    else this.#pour(x, last, min, max, count, nans, smoothed);
  }

  #row(x: number, last: number, min: number, max: number, count: number, nans: number, smoothed: number): void {
    const row = this.#rows++;
    this.#x[row] = x;
    this.#last[row] = last;
    this.#min[row] = min;
    this.#max[row] = max;
    this.#counts[row] = count;
    this.#nanCounts[row] = nans;
    if (this.#smoothed) this.#smoothed[row] = smoothed;
  }

  #pour(x: number, last: number, min: number, max: number, count: number, nans: number, smoothed: number): void {
    const { low, high } = this.#axis;
    const place = high > low ? Math.floor(((x - low) / (high - low)) * this.#buckets) : 0;
    const bucket = Math.min(Math.max(place, 0), this.#buckets - 1);
    if (bucket !== this.#bucket) {
      this.#bucket = bucket;
      this.#row(x, last, min, max, count, nans, smoothed);
      return;
    }
    const row = this.#rows - 1;
    this.#x[row] = x;
    if (!Number.isNaN(last)) {
      this.#last[row] = last;
      // A NaN is not less or more than anything: a first number takes its place.
      if (!((this.#min[row] as number) <= min)) this.#min[row] = min;
      if (!((this.#max[row] as number) >= max)) this.#max[row] = max;
    }
    this.#counts[row] = (this.#counts[row] as number) + count;
    this.#nanCounts[row] = (this.#nanCounts[row] as number) + nans;
    if (this.#smoothed) this.#smoothed[row] = smoothed;
  }

  /** What came one by one until now goes into buckets, in place: a bucket's row is never after its first observation's. */
  #pourIntoBuckets(): void {
    const rows = this.#rows;
    this.#exact = false;
    this.#rows = 0;
    for (let i = 0; i < rows; i++) {
      const value = this.#last[i] as number;
      const nans = this.#nanCounts[i] as number;
      this.#pour(this.#x[i] as number, value, value, value, 1, nans, this.#smoothed?.[i] ?? Number.NaN);
    }
  }

  /** The rows; undefined where nothing was in the range. */
  rows(): ThinRows | undefined {
    const n = this.#rows;
    if (n === 0) return undefined;
    return {
      rows: n,
      points: this.#points,
      nans: this.#nans,
      exact: this.#exact,
      x: this.#x.subarray(0, n),
      last: this.#last.subarray(0, n),
      min: this.#min.subarray(0, n),
      max: this.#max.subarray(0, n),
      counts: this.#counts.subarray(0, n),
      nanCounts: this.#nanCounts.subarray(0, n),
      smoothed: this.#smoothed?.subarray(0, n),
    };
  }
}
