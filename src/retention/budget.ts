/** Calls to the platform (D1, R2, objects) that one pass may still make: a Worker's request has a bounded number. */
export class Budget {
  #left: number;

  constructor(calls: number) {
    this.#left = calls;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Takes calls off; they may overdraw it by the few of one step. */
  spend(calls = 1): void {
    this.#left -= calls;
  }
}
