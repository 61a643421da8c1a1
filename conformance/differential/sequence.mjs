/**
 * One sequence of calls, made to both servers in step: each call is sent to both at once, and the next only when both
 * have answered, so that what a call does can't depend on anything but the calls before it.
 *
 * @typedef {object} Call what a generator yields
 * @property {string} method
 * @property {string} path absolute, or relative to the 2.0 API
 * @property {Record<string, unknown>} [query]
 * @property {unknown} [body] JSON; texts anywhere may hold tokens such as `<run 3>`
 * @property {string} [raw] a body as it is
 * @property {Record<string, string>} [headers]
 * @property {string} [intent] what is wrong with it on purpose; differences are recognised by it
 * @property {string} [makes] the token of the run or model it makes
 *
 * @typedef {{ status: number, body: any }} Normalised
 * @typedef {{ ours: Normalised, theirs: Normalised, same: boolean, ok: boolean, tokens: string[] }} Outcome `ok`: both
 *   said 200; `tokens`: page tokens of ours and theirs
 */
import { isDeepStrictEqual } from "node:util";
import { Side } from "./side.mjs";

const NOT_BUILT = 501;
/** A name that a server made up: words and a number. */
const RANDOM_NAME = /^[a-z]+-[a-z]+-\d+$/;
const random = (name) => (RANDOM_NAME.test(name) ? name : undefined);

/** What is new and random in an answer, by kind. */
const MADE = [
  ["run", (answer) => answer?.run?.info.run_id],
  ["name", (answer) => random(answer?.run?.info.run_name)],
  ["model", (answer) => answer?.model?.info?.model_id],
  ["name", (answer) => random(answer?.model?.info?.name)],
];

export class Sequence {
  #ours;
  #theirs;
  #last = 0;
  #tokens = 0;

  /**
   * @param {import("./shared.mjs").Shared} shared
   * @param {import("./random.mjs").Random} random
   * @param {string} name
   */
  constructor(shared, random, name) {
    this.shared = shared;
    this.random = random;
    this.name = name;
    this.#ours = new Side(shared.ours);
    this.#theirs = new Side(shared.theirs);
  }

  /** A token for what a call is about to make. */
  token(kind) {
    this.#tokens += 1;
    return `<${kind} ${this.#tokens}>`;
  }

  /** Runs a generator function's calls to its end. */
  async run(steps) {
    let step = steps.next();
    while (!step.done && !this.shared.isSpent) step = steps.next(await this.send(step.value));
  }

  /** @param {Call} call @returns {Promise<Outcome>} */
  async send(call) {
    await this.#nextMillisecond();
    const made = call.path.endsWith("experiments/create")
      ? await this.shared.inStep(() => this.#both(call))
      : await this.#both(call);
    this.#last = Date.now();
    const [ourAnswer, theirAnswer] = made;
    const mayName = ourAnswer.status === 200 && theirAnswer.status === 200;
    if (mayName) this.#learnMade(call, ourAnswer.json, theirAnswer.json);
    const pages = this.#learnPage(ourAnswer, theirAnswer);
    const ours = this.#ours.normalised(ourAnswer);
    const theirs = this.#theirs.normalised(theirAnswer);
    const same = isDeepStrictEqual(ours, theirs);
    const notBuilt = ourAnswer.status === NOT_BUILT && ourAnswer.json?.error_code === "NOT_IMPLEMENTED";
    this.shared.record(this.name, call, { ours, theirs, same, notBuilt });
    return { ours, theirs, same, ok: mayName, page: pages };
  }

  #both(call) {
    return Promise.all([this.#ours.send(call), this.#theirs.send(call)]);
  }

  /** What a call made goes by the token its generator chose, or by one of its own. */
  #learnMade(call, ours, theirs) {
    for (const [kind, find] of MADE) {
      const [ourId, theirId] = [find(ours), find(theirs)];
      if (!ourId || !theirId || ourId === theirId || this.#ours.knows(ourId)) continue;
      const token = kind === "name" ? this.token(kind) : (call.makes ?? this.token(kind));
      this.#ours.learn(token, ourId);
      this.#theirs.learn(token, theirId);
    }
  }

  /** The servers' page tokens differ in form; a common name stands for both. */
  #learnPage(ours, theirs) {
    const [ourPage, theirPage] = [ours.json?.next_page_token, theirs.json?.next_page_token];
    if (!ourPage || !theirPage) return undefined;
    const token = this.token("page");
    this.#ours.learn(token, ourPage);
    this.#theirs.learn(token, theirPage);
    return token;
  }

  /** Two calls in one millisecond could not be told apart by the times they leave behind. */
  async #nextMillisecond() {
    while (Date.now() <= this.#last) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
