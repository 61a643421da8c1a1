import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, Ledger, Observation } from "./ledger.ts";
import { between, pick, type Random } from "./random.ts";

const WRITERS = 6;

/** A server's answer; status 0 where the connection broke first. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Calls one of MLflow's endpoints. Never throws. */
export async function call(url: string, path: string, body?: object): Promise<Answer> {
  try {
    const headers = { "Content-Type": "application/json" };
    const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : {};
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, request);
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: undefined };
  }
}

/** Several clients writing to the same runs until they are stopped, or the server is gone. */
export class Load {
  /** Answers that were neither a success nor a broken connection. */
  readonly refusals: Answer[] = [];
  acknowledged = 0;
  /** Requests that end a run, which are answered after its metrics are published: those under way. */
  ending = 0;
  readonly #url: string;
  readonly #ledgers: readonly Ledger[];
  readonly #random: Random;
  readonly #writers: Promise<void>[];
  #stopped = false;

  constructor(url: string, ledgers: readonly Ledger[], random: Random) {
    this.#url = url;
    this.#ledgers = ledgers;
    this.#random = random;
    this.#writers = [this.#sendAgain(), ...Array.from({ length: WRITERS }, () => this.#write())];
  }

  /** Resolves once every request has been answered or has failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  /** Ends a run, which makes its log publish. Others go on writing to it. */
  async endRun(): Promise<void> {
    this.ending++;
    const { runId } = pick(this.#random, this.#ledgers);
    const answer = await this.#call("runs/update", { run_id: runId, status: "FINISHED", end_time: Date.now() });
    // Left counted where no answer came: the server died over it.
    if (answer.status === 200) this.ending--;
  }

  /** As clients do that were cut off: what got no answer is sent once more. */
  async #sendAgain(): Promise<void> {
    for (const ledger of this.#ledgers) {
      for (const batch of ledger.unanswered())
        if (!this.#stopped && this.#random() < 0.5) await this.#send(ledger, batch);
    }
  }

  async #write(): Promise<void> {
    const random = this.#random;
    while (!this.#stopped) {
      if (random() < 0.03) await this.endRun();
      const ledger = pick(random, this.#ledgers);
      const batch = ledger.write(random);
      const chance = random();
      const requests = [this.#send(ledger, batch)];
      if (chance < 0.1) requests.push(this.#send(ledger, batch));
      await Promise.all(requests);
      if (chance > 0.95) await this.#send(ledger, batch);
      if (random() < 0.1) await sleep(between(random, 0, 30));
    }
  }

  async #send({ runId }: Ledger, batch: Batch): Promise<void> {
    const [only, ...others] = batch.observations;
    const single = only && others.length === 0;
    const answer = await (single
      ? this.#call("runs/log-metric", { run_id: runId, ...only })
      : this.#call("runs/log-batch", { run_id: runId, metrics: batch.observations }));
    if (answer.status !== 200) return;
    batch.acknowledged = true;
    this.acknowledged++;
  }

  async #call(path: string, body: object): Promise<Answer> {
    const answer = await call(this.#url, path, body);
    if (answer.status === 0) this.#stopped = true;
    else if (answer.status !== 200) this.refusals.push(answer);
    return answer;
  }
}

/** A run's latest metrics as runs/get has them, by key. */
export async function readLatest(url: string, runId: string): Promise<Map<string, Observation>> {
  const answer = await readBody<{ run: { data: { metrics?: Observation[] } } }>(url, `runs/get?run_id=${runId}`);
  return new Map((answer.run.data.metrics ?? []).map((metric) => [metric.key, metric]));
}

/** All of a run's history of some keys, page by page. */
export async function readHistory(url: string, runId: string, keys: Iterable<string>): Promise<Observation[]> {
  const history: Observation[] = [];
  for (const key of keys) {
    for (let token = ""; ; ) {
      const query = new URLSearchParams({ run_id: runId, metric_key: key, max_results: "25000", page_token: token });
      const page = await readBody<{ metrics?: Observation[]; next_page_token?: string }>(
        url,
        `metrics/get-history?${query}`,
      );
      for (const metric of page.metrics ?? []) history.push(metric);
      if (!page.next_page_token) break;
      token = page.next_page_token;
    }
  }
  return history;
}

async function readBody<T>(url: string, path: string): Promise<T> {
  const { status, body } = await call(url, path);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}
