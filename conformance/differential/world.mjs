/**
 * What one sequence has made so far, for generators to choose from. Nothing here is checked against: the servers are
 * only compared with each other.
 */
import { NO_EXPERIMENT, NO_MODEL, NO_RUN } from "./values.mjs";

const MISSING = 0.04;

/** A call of the 2.0 API. */
export const post = (family, path, body, more = {}) => ({ family, method: "POST", path, body, ...more });
export const get = (family, path, query, more = {}) => ({ family, method: "GET", path, query, ...more });

export class World {
  experiments = [];
  runs = [];
  models = [];
  /** Registered models: their names. */
  registered = [];
  /** Versions of registered models: `{ name, version }`. */
  versions = [];
  datasets = [];
  #times;

  /**
   * @param {import("./sequence.mjs").Sequence} sequence
   * @param {import("./random.mjs").Random} random
   */
  constructor(sequence, random) {
    this.sequence = sequence;
    this.random = random;
    this.prefix = `diff-${sequence.shared.stamp}-${sequence.name}`;
    this.#times = random.some(
      Array.from({ length: 400 }, (_, index) => 1_000_000 + index * 1_000),
      400,
    );
  }

  /** A start time no other run of this sequence has: runs with equal ones come in the order of random ids. */
  startTime() {
    return this.#times.pop();
  }

  name(kind) {
    return `${this.prefix}-${kind}-${this.random.int(0, 99_999)}`;
  }

  /** For what only one server may come to have: outside of the names that searches look through. */
  spoiltName() {
    return `spoilt-${this.name("exp")}`;
  }

  /** The id of an experiment, now and then one that isn't there. */
  experiment() {
    if (this.random.chance(MISSING)) return this.random.pick([NO_EXPERIMENT, "abc", "", "-1"]);
    return this.random.pick(this.experiments);
  }

  run() {
    if (this.runs.length === 0 || this.random.chance(MISSING)) return this.random.pick([NO_RUN, "nope", "", "bad id!"]);
    return this.random.pick(this.runs);
  }

  model() {
    if (this.models.length === 0 || this.random.chance(MISSING)) return this.random.pick([NO_MODEL, "nope", "m-1"]);
    return this.random.pick(this.models);
  }

  /** What every sequence begins with. Experiments here are active, and runs are in them. */
  *begin() {
    for (let count = 0; count < 2; count += 1) yield* this.newExperiment(this.experiments);
    const { random } = this;
    for (let count = 0; count < 4; count += 1) yield* this.newRun(random.pick(this.experiments), this.runs);
  }

  *newExperiment(into, more = {}) {
    const made = yield post("experiments", "experiments/create", { name: this.name("exp"), ...more });
    if (made.ok) into.push(made.theirs.body.experiment_id);
    return made;
  }

  *newRun(experiment_id, into, more = {}) {
    const token = this.sequence.token("run");
    const body = {
      experiment_id,
      start_time: this.startTime(),
      run_name: this.random.pick(["alpha", "beta", "Alpha"]),
      ...more,
    };
    const made = yield post("runs", "runs/create", body, { makes: token });
    if (made.ok) into.push(token);
    return made;
  }

  *newModel(experiment_id, into, more = {}) {
    const token = this.sequence.token("model");
    const body = { experiment_id, name: this.random.pick(["net", "tree", "Net"]), ...more };
    const made = yield post("logged-models", "logged-models", body, { makes: token });
    if (made.ok) into.push(token);
    return made;
  }

  /** Follows a search's page tokens to the end, or for `most` pages. `call` takes the token. */
  *walk(call, most = 8) {
    let answer = yield call(undefined);
    for (let pages = 1; answer.page && pages < most; pages += 1) answer = yield call(answer.page);
    return answer;
  }
}
