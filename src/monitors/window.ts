/** A sliding window over observations in the order they came, with its aggregate kept up to date. Pure. */
import { type Aggregate, MAX_WINDOW_POINTS, type Span } from "./monitor";
import { quantile, upperBound } from "./statistics";

/** Times in ms. */
export interface Point {
  step: number;
  timestamp: number;
  value: number;
}

const MINUTE = 60_000;

/** What a window tells of its values as they come and go; NaN are none of its business. */
interface Tracker {
  add(value: number): void;
  /** The oldest one goes. */
  remove(value: number, left: () => Iterable<number>): void;
  value(): number;
}

const NOTHING: Tracker = { add: () => undefined, remove: () => undefined, value: () => Number.NaN };

export class Window {
  readonly #span: Span;
  readonly #aggregate: Aggregate | undefined;
  readonly #tracker: Tracker;
  #points: Point[] = [];
  /** The oldest point is here: what went is cut off now and then. */
  #head = 0;
  #nans = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #hasLost = false;
  readonly #left = () => this.numbers();

  /** `aggregate` is absent where only the values are of interest. */
  constructor(span: Span, aggregate?: Aggregate) {
    this.#span = span;
    this.#aggregate = aggregate;
    this.#tracker = trackerOf(aggregate);
  }

  get length(): number {
    return this.#points.length - this.#head;
  }

  /** Whether it is as wide as it should be: as many points, or as much time since the first one. */
  get isFull(): boolean {
    return "points" in this.#span ? this.length >= this.#span.points : this.#hasLost;
  }

  get oldest(): Point | undefined {
    return this.#points[this.#head];
  }

  get newest(): Point | undefined {
    return this.length > 0 ? this.#points[this.#points.length - 1] : undefined;
  }

  /** Takes a point, and hands those that are thereby too old to `evict`, the oldest first. */
  push(point: Point, evict?: (point: Point) => void): void {
    this.#points.push(point);
    if (Number.isNaN(point.value)) this.#nans++;
    else this.#tracker.add(point.value);
    this.moveTo(point.timestamp, evict);
  }

  /** Time goes on to `timestamp`, never back. */
  moveTo(timestamp: number, evict?: (point: Point) => void): void {
    this.#newest = Math.max(this.#newest, timestamp);
    const most = "points" in this.#span ? this.#span.points : MAX_WINDOW_POINTS;
    const since = "minutes" in this.#span ? this.#newest - this.#span.minutes * MINUTE : Number.NEGATIVE_INFINITY;
    for (let oldest = this.oldest; oldest && (this.length > most || oldest.timestamp <= since); oldest = this.oldest) {
      this.#head++;
      this.#hasLost = true;
      if (Number.isNaN(oldest.value)) this.#nans--;
      else this.#tracker.remove(oldest.value, this.#left);
      evict?.(oldest);
    }
    if (this.#head > 64 && this.#head * 2 > this.#points.length) {
      this.#points = this.#points.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The aggregate; NaN where a NaN is among the values it is made of, or where there are none. */
  value(): number {
    switch (this.#aggregate) {
      case "last":
        return this.newest?.value ?? Number.NaN;
      case "count":
        return this.length;
      case "rate":
        return this.#rate();
      default:
        return this.#nans > 0 ? Number.NaN : this.#tracker.value();
    }
  }

  /** The points, the oldest first. */
  points(last = this.length): readonly Point[] {
    return this.#points.slice(Math.max(this.#head, this.#points.length - last));
  }

  /** The values that are numbers. */
  *numbers(): Generator<number> {
    for (let i = this.#head; i < this.#points.length; i++) {
      const { value } = this.#points[i] as Point;
      if (!Number.isNaN(value)) yield value;
    }
  }

  /** Points a minute: of the window's minutes, or between its first and last point. */
  #rate(): number {
    if ("minutes" in this.#span) return this.length / this.#span.minutes;
    const [first, last] = [this.oldest, this.newest];
    if (!first || !last || last.timestamp <= first.timestamp) return Number.NaN;
    return ((this.length - 1) * MINUTE) / (last.timestamp - first.timestamp);
  }
}

function trackerOf(aggregate: Aggregate | undefined): Tracker {
  switch (aggregate) {
    case "mean":
      return new Mean();
    case "min":
      return new Extreme(1);
    case "max":
      return new Extreme(-1);
    case "p50":
      return new Quantile(0.5);
    case "p95":
      return new Quantile(0.95);
    default:
      return NOTHING;
  }
}

/** A sum is made anew after so many changes, and where a value that went was so much larger than what is left. */
const MAX_CHANGES = 1000;
const MAX_CANCELLATION = 2 ** 20;

class Mean implements Tracker {
  #sum = 0;
  #count = 0;
  #changes = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
  }

  remove(value: number, left: () => Iterable<number>): void {
    this.#sum -= value;
    this.#count--;
    const isLost = !(Number.isFinite(this.#sum) && Math.abs(value) <= Math.abs(this.#sum) * MAX_CANCELLATION);
    if (isLost || ++this.#changes >= Math.max(MAX_CHANGES, this.#count)) {
      this.#changes = 0;
      this.#sum = 0;
      for (const number of left()) this.#sum += number;
    }
  }

  value(): number {
    return this.#count > 0 ? this.#sum / this.#count : Number.NaN;
  }
}

/** The smallest of sign · value: those that may still become it wait in order. */
class Extreme implements Tracker {
  readonly #sign: 1 | -1;
  #waiting: number[] = [];
  #head = 0;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  add(value: number): void {
    const waiting = this.#waiting;
    while (waiting.length > this.#head && this.#sign * (waiting[waiting.length - 1] as number) > this.#sign * value) {
      waiting.pop();
    }
    waiting.push(value);
  }

  remove(value: number): void {
    if (this.#waiting[this.#head] === value) this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  value(): number {
    return this.#waiting[this.#head] ?? Number.NaN;
  }
}

/** Keeps the values sorted. */
class Quantile implements Tracker {
  readonly #q: number;
  #sorted = new Float64Array(16);
  #length = 0;

  constructor(q: number) {
    this.#q = q;
  }

  add(value: number): void {
    if (this.#length === this.#sorted.length) {
      const bigger = new Float64Array(this.#length * 2);
      bigger.set(this.#sorted);
      this.#sorted = bigger;
    }
    const at = upperBound(this.#sorted, value, this.#length);
    this.#sorted.copyWithin(at + 1, at, this.#length);
    this.#sorted[at] = value;
    this.#length++;
  }

  remove(value: number): void {
    const end = upperBound(this.#sorted, value, this.#length);
    this.#sorted.copyWithin(end - 1, end, this.#length);
    this.#length--;
  }

  value(): number {
    return quantile(this.#sorted, this.#q, this.#length);
  }
}
