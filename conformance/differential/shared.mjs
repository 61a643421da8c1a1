/** What all sequences share: the two servers, the budget of calls, and the account of what differed. */
import { Http, jsonCall } from "../http.mjs";
import { recognise } from "./differences.mjs";

const CREATE = "/api/2.0/mlflow/experiments/create";

/**
 * @typedef {{ calls: number, equal: number, deliberate: number, notBuilt: number, failed: number }} Tally
 */
export class Shared {
  /** @type {Map<string, Tally>} by family */
  families = new Map();
  /** @type {Map<string, number>} how often each deliberate difference was met */
  rules = new Map();
  /** @type {Map<string, number>} calls by route */
  routes = new Map();
  failures = [];
  #left;
  #creating = Promise.resolve();

  constructor(ourUri, theirUri, calls) {
    this.ours = new Http(ourUri);
    this.theirs = new Http(theirUri);
    this.#left = calls;
    this.stamp = Date.now().toString(36);
  }

  get isSpent() {
    return this.#left <= 0;
  }

  /**
   * Experiments are made one at a time, so that both servers count the same ids. Where one made what the other
   * refused, the other catches up.
   */
  inStep(create) {
    const made = this.#creating.then(async () => {
      const answers = await create();
      if ((answers[0].status === 200) !== (answers[1].status === 200)) await this.align();
      return answers;
    });
    this.#creating = made.catch(() => undefined);
    return made;
  }

  /** Makes experiments until both servers give the next one the same id. */
  async align() {
    let [ours, theirs] = await Promise.all([this.#experiment(this.ours), this.#experiment(this.theirs)]);
    while (ours < theirs) ours = await this.#experiment(this.ours);
    while (theirs < ours) theirs = await this.#experiment(this.theirs);
  }

  async #experiment(http) {
    const { status, text, json } = await http.send(jsonCall("POST", CREATE, { name: `align-${crypto.randomUUID()}` }));
    if (status !== 200) throw new Error(`experiments/create: ${status} ${text}`);
    return Number(json.experiment_id);
  }

  /** Takes one compared call into the account. */
  record(sequence, call, outcome) {
    this.#left -= 1;
    const tally = this.#tally(call.family);
    tally.calls += 1;
    this.routes.set(routeOf(call), (this.routes.get(routeOf(call)) ?? 0) + 1);
    if (outcome.same) {
      tally.equal += 1;
      return;
    }
    if (outcome.notBuilt) {
      tally.notBuilt += 1;
      return;
    }
    const rule = recognise(call, outcome);
    if (rule) {
      tally.deliberate += 1;
      this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
      return;
    }
    tally.failed += 1;
    this.failures.push({ sequence, call, ours: outcome.ours, theirs: outcome.theirs });
  }

  #tally(family) {
    const tally = this.families.get(family) ?? { calls: 0, equal: 0, deliberate: 0, notBuilt: 0, failed: 0 };
    this.families.set(family, tally);
    return tally;
  }

  close() {
    this.ours.close();
    this.theirs.close();
  }
}

const routeOf = ({ method, path }) =>
  `${method} ${path
    .replace(/<[^>]+>/g, ":id")
    .replace(/^\/ajax-api/, "/api")
    .replace(/^\/api\/2\.0\/mlflow\//, "")}`;
