/**
 * Observations as JSON, written straight into bytes: an answer of 25,000 would otherwise be that many strings, joined and
 * encoded, and most of its time the garbage collector's.
 */
import type { Columns } from "./block";

const encoder = new TextEncoder();
/** Longest a number gets: `-1.7976931348623157e+308`, and what a NaN is written as is shorter. */
const MAX_NUMBER = 24;
/** Integers below this are written as they are, larger ones in two parts. */
const HALF = 1e8;
const ZERO = 48;
const MINUS = 45;

export class JsonBytes {
  #bytes = new Uint8Array(65_536);
  #length = 0;

  /** What was written; valid until more is. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Any text, as it is. */
  text(text: string): void {
    this.#reserve(3 * text.length);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** `{"key":…,"value":…,"timestamp":…,"step":…REST}` for each, with commas between; `key` and `rest` are JSON already. */
  metrics({ steps, timestamps, values }: Columns, key: string, rest = ""): void {
    const head = encoder.encode(`{"key":${key},"value":`);
    const timestamp = encoder.encode(`,"timestamp":`);
    const step = encoder.encode(`,"step":`);
    const tail = encoder.encode(`${rest}},`);
    const most = head.length + timestamp.length + step.length + tail.length + 3 * MAX_NUMBER;
    for (let i = 0; i < values.length; i++) {
      this.#reserve(most);
      this.#put(head);
      this.#double(values[i] as number);
      this.#put(timestamp);
      this.#integer(timestamps[i] as number);
      this.#put(step);
      this.#integer(steps[i] as number);
      this.#put(tail);
    }
    if (values.length > 0) this.#length--;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * this.#bytes.length + more);
    grown.set(this.bytes);
    this.#bytes = grown;
  }

  #put(text: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text[i] as number;
    this.#length = at;
  }

  /** Stored values are finite or NaN; a number's text is JSON, NaN's is quoted. */
  #double(value: number): void {
    const text = Number.isNaN(value) ? '"NaN"' : `${value}`;
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** An integer within ±2^53. */
  #integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.#length++] = MINUS;
      rest = -rest;
    }
    if (rest < HALF) this.#digits(rest, 1);
    else {
      const high = Math.floor(rest / HALF);
      this.#integer(high);
      this.#digits(rest - high * HALF, 8);
    }
  }

  /** A number below HALF, with zeros in front up to `least` digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let power = 10 ** least; value >= power; power *= 10) count++;
    let rest = value | 0;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const next = (rest / 10) | 0;
      this.#bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#length += count;
  }
}
