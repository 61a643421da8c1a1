/** Chance that can be repeated: everything a sequence does follows from its seed. */

/** A generator of numbers in [0, 1) (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class Random {
  #next;

  /** @param {number} seed @param {number} sequence seeds of neighbours must not give neighbouring numbers */
  constructor(seed, sequence) {
    this.#next = numbers(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(sequence + 1, 0xc2b2ae35));
  }

  /** A whole number from `from` to `to`, both included. */
  int(from, to) {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  chance(probability) {
    return this.#next() < probability;
  }

  /** @template T @param {readonly T[]} from @returns {T} */
  pick(from) {
    return from[Math.floor(this.#next() * from.length)];
  }

  /** One of `[weight, value]` pairs. @template T @param {readonly (readonly [number, T])[]} from @returns {T} */
  weighted(from) {
    let left = this.#next() * from.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of from) {
      left -= weight;
      if (left < 0) return value;
    }
    return from[from.length - 1][1];
  }

  /** Up to `count` different ones. */
  some(from, count) {
    const left = [...from];
    const taken = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.int(0, left.length - 1), 1));
    return taken;
  }
}
