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
const FIRST_CAPACITY = 16;

/** What a window tells of its values as they come and go; NaN are none of its business. */
interface Tracker {
  add(value: number): void;
  /** The oldest one goes. */
  remove(value: number, left: () => Float64Array): void;
  value(): number;
}

const NOTHING: Tracker = { add: () => undefined, remove: () => undefined, value: () => Number.NaN };

export class Window {
  readonly #aggregate: Aggregate | undefined;
  readonly #tracker: Tracker;
  /** How many points it holds at most, and how much older than the newest they may be. */
  readonly #points: number;
  readonly #minutes: number;
  /** Rings: the oldest point is at #start, the newest before #end, both counted since the beginning. */
  #steps = new Float64Array(FIRST_CAPACITY);
  #timestamps = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #start = 0;
  #end = 0;
  #nans = 0;
  #newest = Number.NEGATIVE_INFINITY;
  readonly #left = () => this.numbers();

  /** `aggregate` is absent where only the values are of interest. */
  constructor(span: Span, aggregate?: Aggregate) {
    this.#points = "points" in span ? span.points : MAX_WINDOW_POINTS;
    this.#minutes = "minutes" in span ? span.minutes : Number.POSITIVE_INFINITY;
    this.#aggregate = aggregate;
    this.#tracker = trackerOf(aggregate);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether it is as wide as it should be: as many points, or as much time since the first one. */
  get isFull(): boolean {
    return this.#minutes === Number.POSITIVE_INFINITY ? this.length === this.#points : this.#start > 0;
  }

  get oldest(): Point | undefined {
    return this.length > 0 ? this.#at(this.#start) : undefined;
  }

  get newest(): Point | undefined {
    return this.length > 0 ? this.#at(this.#end - 1) : undefined;
  }

  /** When its oldest point was; infinitely long ago where there is none. */
  get since(): number {
    return this.length > 0 ? (this.#timestamps[this.#start & this.#mask] as number) : Number.NEGATIVE_INFINITY;
  }

  /** Takes a point, and hands those that are thereby too old to `before`, the oldest first. */
  push(step: number, timestamp: number, value: number, before?: Window): void {
    if (this.length === this.#points) this.#shift(before);
    if (this.length > this.#mask) this.#grow();
    const slot = this.#end++ & this.#mask;
    this.#steps[slot] = step;
    this.#timestamps[slot] = timestamp;
    this.#values[slot] = value;
    if (Number.isNaN(value)) this.#nans++;
    else this.#tracker.add(value);
    this.moveTo(timestamp, before);
  }

  /** Time goes on to `timestamp`, never back. */
  moveTo(timestamp: number, before?: Window): void {
    if (timestamp > this.#newest) this.#newest = timestamp;
    if (this.#minutes === Number.POSITIVE_INFINITY) return;
    const since = this.#newest - this.#minutes * MINUTE;
    while (this.length > 0 && this.since <= since) this.#shift(before);
  }

  /** The aggregate; NaN where a NaN is among the values it is made of, or where there are none. */
  value(): number {
    switch (this.#aggregate) {
      case "last":
        return this.length > 0 ? (this.#values[(this.#end - 1) & this.#mask] as number) : Number.NaN;
      case "count":
        return this.length;
      case "rate":
        return this.#rate();
      default:
        return this.#nans > 0 ? Number.NaN : this.#tracker.value();
    }
  }

  /** The newest `last` values, the oldest first. */
  values(last = this.length): Float64Array {
    const from = Math.max(this.#start, this.#end - last);
    const out = new Float64Array(this.#end - from);
    for (let i = from; i < this.#end; i++) out[i - from] = this.#values[i & this.#mask] as number;
    return out;
  }

  /** Those of the newest `last` values that are numbers. */
  numbers(last = this.length): Float64Array {
    const values = this.values(last);
    return this.#nans > 0 ? values.filter((value) => !Number.isNaN(value)) : values;
  }

  #at(i: number): Point {
    const slot = i & this.#mask;
    return {
      step: this.#steps[slot] as number,
      timestamp: this.#timestamps[slot] as number,
      value: this.#values[slot] as number,
    };
  }

  /** The oldest point goes. */
  #shift(before: Window | undefined): void {
    const slot = this.#start++ & this.#mask;
    const value = this.#values[slot] as number;
    if (Number.isNaN(value)) this.#nans--;
    else this.#tracker.remove(value, this.#left);
    before?.push(this.#steps[slot] as number, this.#timestamps[slot] as number, value);
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const grown = (ring: Float64Array) => {
      const bigger = new Float64Array(capacity);
      for (let i = this.#start; i < this.#end; i++) bigger[i & (capacity - 1)] = ring[i & this.#mask] as number;
      return bigger;
    };
    this.#steps = grown(this.#steps);
    this.#timestamps = grown(this.#timestamps);
    this.#values = grown(this.#values);
    this.#mask = capacity - 1;
  }

  /** Points a minute: of the window's minutes, or between its first and last point. */
  #rate(): number {
    if (this.#minutes !== Number.POSITIVE_INFINITY) return this.length / this.#minutes;
    const took = this.length > 0 ? (this.#timestamps[(this.#end - 1) & this.#mask] as number) - this.since : 0;
    return took > 0 ? ((this.length - 1) * MINUTE) / took : Number.NaN;
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

  remove(value: number, left: () => Float64Array): void {
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

/** Keeps the values sorted. The place of one that goes is left for the next that comes: moving what lies between once is enough. */
class Quantile implements Tracker {
  readonly #q: number;
  #sorted = new Float64Array(FIRST_CAPACITY);
  #length = 0;
  /** Where a value is that went; -1 for nowhere. */
  #gap = -1;

  constructor(q: number) {
    this.#q = q;
  }

  add(value: number): void {
    const at = upperBound(this.#sorted, value, this.#length);
    if (this.#gap >= 0) this.#fill(at, value);
    else this.#insert(at, value);
  }

  remove(value: number): void {
    this.#close();
    this.#gap = upperBound(this.#sorted, value, this.#length) - 1;
  }

  value(): number {
    this.#close();
    return quantile(this.#sorted, this.#q, this.#length);
  }

  #fill(at: number, value: number): void {
    const gap = this.#gap;
    this.#gap = -1;
    const sorted = this.#sorted;
    if (at > gap) {
      sorted.copyWithin(gap, gap + 1, at);
      sorted[at - 1] = value;
    } else {
      sorted.copyWithin(at + 1, at, gap);
      sorted[at] = value;
    }
  }

  #insert(at: number, value: number): void {
    if (this.#length === this.#sorted.length) {
      const bigger = new Float64Array(this.#length * 2);
      bigger.set(this.#sorted);
      this.#sorted = bigger;
    }
    this.#sorted.copyWithin(at + 1, at, this.#length++);
    this.#sorted[at] = value;
  }

  #close(): void {
    if (this.#gap < 0) return;
    this.#sorted.copyWithin(this.#gap, this.#gap + 1, this.#length--);
    this.#gap = -1;
  }
}
