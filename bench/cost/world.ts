/**
 * A simulated world around the real app: bindings that count, a clock that only this file moves, and alarms that ring
 * when the clock comes to them. Hours pass in seconds; what is done in them is the app's own.
 */
import { createApp } from "../../src/app";
import type { Env } from "../../src/env";
import { RunLog as RealRunLog } from "../../src/metrics/run-log";
import { alarms, background } from "./durable-object";
import { countedD1, countedR2, counts, overlay, tally } from "./meters";

const START = Date.UTC(2026, 0, 1);

let now = START;
Date.now = () => now;

/** RunLog itself; its base class here (durable-object.ts) gives it storage and bindings that count. */
export class RunLog extends RealRunLog {
  /** As the platform calls it; `alarm` itself can't be called from outside. */
  async ring(): Promise<void> {
    await this.alarm();
    await this.settle();
  }

  /** Waits for work the object goes on with after an answer. */
  async settle(): Promise<void> {
    const work = background.get(this.ctx.id.toString());
    while (work && work.size > 0) await Promise.allSettled(work);
    background.delete(this.ctx.id.toString());
  }

  override async webSocketMessage(...message: Parameters<RealRunLog["webSocketMessage"]>): Promise<void> {
    counts.objectMessages++;
    await super.webSocketMessage(...message);
  }
}

type Stub = Record<string | symbol, (...args: unknown[]) => unknown>;

/** Objects whose every call is counted. */
function countedNamespace<T extends Env["RUN_LOGS"] | Env["EXPERIMENT_FEEDS"] | Env["RUN_WRITERS"]>(namespace: T): T {
  const get = (id: DurableObjectId) => {
    // Called on the stub itself: a stub's methods are calls of their own, apply() and bind() among them.
    const stub = namespace.get(id) as unknown as Stub;
    const counted = (name: string | symbol, args: unknown[]) => {
      tally(counts.objectCalls, String(name));
      return stub[name]?.(...args);
    };
    return new Proxy(stub, {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          counted(name, args),
    });
  };
  return overlay(namespace, { get } as Partial<Record<keyof T, unknown>>);
}

type Json = Record<string, unknown>;

export class World {
  readonly #app = createApp();
  readonly #real: Env;
  readonly #env: Env;

  constructor(env: Env) {
    this.#real = env;
    this.#env = {
      ...env,
      DB: countedD1(env.DB),
      ARTIFACTS: countedR2(env.ARTIFACTS),
      RUN_LOGS: countedNamespace(env.RUN_LOGS),
      EXPERIMENT_FEEDS: countedNamespace(env.EXPERIMENT_FEEDS),
      RUN_WRITERS: countedNamespace(env.RUN_WRITERS),
    };
  }

  get now(): number {
    return now;
  }

  /** Sends a request to the app and waits until all it set off has come to rest. Throws for any answer but a success. */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    counts.workerRequests++;
    const background: Promise<unknown>[] = [];
    const context = {
      waitUntil: (work: Promise<unknown>) => void background.push(work),
      passThroughOnException: () => undefined,
      props: {},
    } as unknown as ExecutionContext;
    const response = await this.#app.fetch(new Request(`http://tidemark${path}`, init), this.#env, context);
    if (response.status >= 400) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await Promise.all(background);
    await this.#settle();
    return response;
  }

  /** One of MLflow's calls; the answer's JSON. */
  async call(path: string, body?: Json): Promise<Json> {
    const headers = { "Content-Type": "application/json" };
    const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : {};
    return await (await this.fetch(`/api/2.0/mlflow/${path}`, init)).json();
  }

  /** Lets the time pass until `at`, ringing the alarms that fall due on the way. */
  async until(at: number): Promise<void> {
    for (;;) {
      const [next] = [...alarms].filter(([, due]) => due <= at).sort(([, a], [, b]) => a - b);
      if (!next) break;
      const [id, due] = next;
      now = Math.max(now, due);
      alarms.delete(id);
      tally(counts.objectCalls, "alarm");
      await this.#object(id).ring();
    }
    now = Math.max(now, at);
  }

  async #settle(): Promise<void> {
    for (const id of [...background.keys()]) await this.#object(id).settle();
  }

  /** Straight to an object, uncounted. */
  #object(id: string): RunLog {
    return this.#real.RUN_LOGS.get(this.#real.RUN_LOGS.idFromString(id)) as unknown as RunLog;
  }
}
