/**
 * Group commit: requests that wait together share one row and one sync. Where a sync takes time (the platform) the loop
 * groups by itself; where it blocks the thread (one machine) a short wait for as many as came last time does.
 */

export interface Counts {
  accepted: number;
  duplicate: number;
}

interface Waiting {
  pack: Uint8Array;
  resolve: (counts: Counts) => void;
  reject: (error: unknown) => void;
}

/** Longest wait for more requests to share a commit, in ms. */
const LINGER_MS = 2;
/** Bytes one commit takes at most. */
const MAX_GROUP_BYTES = 1_900_000;
/** Every so many full groups the target grows, so that it follows a rising load. */
const GROW_EVERY = 16;

export class CommitQueue {
  #pending: Waiting[] = [];
  #loop: Promise<void> | undefined;
  #target = 1;
  #full = 0;
  #wake: (() => void) | undefined;
  readonly #commit: (packs: readonly Uint8Array[]) => Counts[];
  readonly #sync: () => Promise<void>;

  constructor(commit: (packs: readonly Uint8Array[]) => Counts[], sync: () => Promise<void>) {
    this.#commit = commit;
    this.#sync = sync;
  }

  /** Resolves once nothing waits and nothing is being committed. */
  async drained(): Promise<void> {
    await this.#loop;
  }

  /** Resolves when the pack is committed; an answer sent after that leaves the object only once it is durable. */
  push(pack: Uint8Array): Promise<Counts> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ pack, resolve, reject });
      if (this.#pending.length >= this.#target) this.#wake?.();
      this.#loop ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // A turn of its own, so that #loop is set before the first commit could end.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      if (this.#pending.length < this.#target) await this.#linger();
      const group = this.#take();
      try {
        const counts = this.#commit(group.map((w) => w.pack));
        // The platform holds answers back until the writes before them are durable (its output gate).
        for (const [i, w] of group.entries()) w.resolve(counts[i] as Counts);
        // So this only paces the loop: whoever comes until then shares the next commit.
        await this.#sync();
      } catch (error) {
        for (const w of group) w.reject(error);
      }
    }
    this.#loop = undefined;
  }

  async #linger(): Promise<void> {
    const wanted = this.#target;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LINGER_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    if (this.#pending.length < wanted) this.#target = this.#pending.length;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let n = 0;
    for (const w of this.#pending) {
      bytes += w.pack.length;
      if (n > 0 && bytes > MAX_GROUP_BYTES) break;
      n++;
    }
    const group = this.#pending.splice(0, n);
    if (n >= this.#target) {
      this.#target = n;
      if (++this.#full % GROW_EVERY === 0 && n > 1) this.#target = Math.ceil(n * 1.25);
    }
    return group;
  }
}
