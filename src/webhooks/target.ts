/**
 * WebhookTarget: one Durable Object a target of deliveries, so that a receiver that is down or slow holds up nobody else.
 * D1 holds what waits and what has failed; the object only works it off, and may be lost at any moment: a delivery whose
 * outcome is not written yet is made again, under the same id.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import { attempt, type Outcome } from "./delivery";
import { type Settled, settleAndRead, type WaitingDelivery } from "./outbox-store";
import { maxRetries, receiverPause, retryPause } from "./retries";

/** Deliveries going on at once: the platform opens no more connections. */
const AT_ONCE = 6;
/** Deliveries read at once. */
const PAGE = 50;
/** Older ones are given up, whatever their attempts. */
const MAX_AGE_MS = 24 * 60 * 60_000;
/** Deliveries that may wait for a receiver that is down; beyond, the oldest are given up. */
const MAX_WAITING = 10_000;
/** The pause after the database failed. */
const DATABASE_PAUSE_MS = 5_000;

export class WebhookTarget extends DurableObject<Env> {
  #target: string | undefined;
  #running: Promise<void> | undefined;
  /** Set by a poke: there may be more than was read. */
  #poked = false;
  #queue: WaitingDelivery[] = [];
  readonly #going = new Map<string, Promise<void>>();
  #settled: Settled = { done: [], postponed: [] };
  /** Attempts that failed in a row, and until when the receiver is left alone for that. */
  #failures = 0;
  #pausedUntil = 0;
  /** Whether storage holds anything; undefined until looked up. */
  #hasStored: boolean | undefined;

  /** Something was written for this target, whose name is given. Returns at once. */
  poke(target: string): void {
    // Then there is an alarm.
    if (this.#isPaused && !this.#running) return;
    this.#target = target;
    this.#poked = true;
    this.#wake();
    void this.#run();
  }

  override async alarm(): Promise<void> {
    this.#target ??= await this.ctx.storage.get<string>("target");
    this.#poked = true;
    await this.#run();
  }

  /** Wakes the loop, which waits for a delivery to end or for a poke. */
  #wake: () => void = () => {};

  #run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    do {
      const nextTime = await this.#drain(target).catch((error: unknown) => {
        // What is settled and not written stays in memory for the next time.
        console.error(`deliveries to ${target} wait for the database`, error);
        this.#poked = false;
        return Date.now() + DATABASE_PAUSE_MS;
      });
      await this.#sleepUntil(target, nextTime);
    } while (this.#poked);
  }

  /** Delivers until nothing is due, and returns when something will be (ms since 1970), or null where nothing waits. */
  async #drain(target: string): Promise<number | null> {
    for (;;) {
      const nextTime = await this.#refill(target);
      this.#start();
      if (this.#going.size === 0) {
        if (!this.#isSettled) continue;
        if (this.#queue.length > 0) {
          // Left alone for a while; what was read is read again then, as it may have changed.
          this.#queue = [];
          this.#poked = false;
          return this.#pausedUntil;
        }
        if (!this.#poked) return nextTime && Math.max(nextTime, this.#pausedUntil);
        continue;
      }
      // A poke that came meanwhile resolved an older promise; it is heard once what was read is used up.
      if (this.#poked && this.#queue.length === 0) continue;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, ...this.#going.values()]);
    }
  }

  get #isPaused(): boolean {
    return this.#pausedUntil > Date.now();
  }

  get #isSettled(): boolean {
    return this.#settled.done.length === 0 && this.#settled.postponed.length === 0;
  }

  /** Writes what is settled, and reads what is due once the last page is used up. Returns when more will be, if it read. */
  async #refill(target: string): Promise<number | null> {
    const settled = this.#settled;
    const reads = this.#queue.length === 0;
    if (this.#isSettled && !reads) return null;
    this.#settled = { done: [], postponed: [] };
    if (reads) this.#poked = false;
    try {
      const limit = reads ? PAGE + this.#going.size : 0;
      const { due, nextTime } = await settleAndRead(this.env.DB, target, settled, { now: Date.now(), limit });
      // Ended while the database was asked, or still going.
      const known = new Set([...this.#going.keys(), ...this.#settled.done]);
      for (const { deliveryId } of this.#settled.postponed) known.add(deliveryId);
      if (reads) this.#queue = due.filter(({ deliveryId }) => !known.has(deliveryId));
      return nextTime;
    } catch (error) {
      this.#settled.done.push(...settled.done);
      this.#settled.postponed.push(...settled.postponed);
      throw error;
    }
  }

  /** Starts what may be: one attempt at a time where the last one failed, none while the receiver is left alone. */
  #start(): void {
    const slots = this.#failures === 0 ? AT_ONCE : 1;
    while (this.#going.size < slots && !this.#isPaused) {
      const delivery = this.#queue.shift();
      if (!delivery) return;
      const { deliveryId } = delivery;
      const going = this.#deliver(delivery).finally(() => {
        this.#going.delete(deliveryId);
        this.#start();
      });
      this.#going.set(deliveryId, going);
    }
  }

  /** Never fails. */
  async #deliver(delivery: WaitingDelivery): Promise<void> {
    const { deliveryId, url, creationTime } = delivery;
    // Nobody is there to be told any more.
    if (url === null) return void this.#settled.done.push(deliveryId);
    if (creationTime < Date.now() - MAX_AGE_MS) return this.#giveUp(delivery, "it is too old");
    const failures = this.#failures;
    const outcome = await attempt(this.env, { ...delivery, url });
    if (outcome.verdict !== "retry") this.#failures = 0;
    // Several that fail at once tell no more than one.
    else if (this.#failures === failures) this.#failures++;
    if (outcome.verdict === "delivered") this.#settled.done.push(deliveryId);
    else if (outcome.verdict === "refused") this.#giveUp(delivery, reasonOf(outcome));
    else this.#postpone(delivery, outcome);
  }

  #postpone(delivery: WaitingDelivery, outcome: Outcome): void {
    const { deliveryId } = delivery;
    const attempts = delivery.attempts + 1;
    this.#pausedUntil = Date.now() + receiverPause(this.#failures);
    if (this.#isPaused) this.#settled.keep = MAX_WAITING;
    const pause = retryPause(attempts, outcome.retryAfter, maxRetries(this.env.TIDEMARK_WEBHOOKS_MAX_RETRIES));
    if (pause === undefined) this.#giveUp(delivery, reasonOf(outcome));
    else this.#settled.postponed.push({ deliveryId, attempts, nextTime: Date.now() + pause });
  }

  #giveUp({ deliveryId, event, attempts }: WaitingDelivery, reason: string): void {
    console.error(`webhook: ${event} to ${this.#target} given up after ${attempts} retries (${deliveryId}): ${reason}`);
    this.#settled.done.push(deliveryId);
  }

  /** An alarm where something waits; else nothing is left stored, and the idle object costs nothing. */
  async #sleepUntil(target: string, time: number | null): Promise<void> {
    const { storage } = this.ctx;
    if (time !== null) {
      this.#hasStored = true;
      await storage.put("target", target);
      await storage.setAlarm(time);
      return;
    }
    this.#hasStored ??= (await storage.get("target")) !== undefined;
    if (!this.#hasStored) return;
    await storage.deleteAlarm();
    await storage.deleteAll();
    this.#hasStored = false;
  }
}

const reasonOf = ({ status, error }: Outcome): string => (status === undefined ? (error ?? "") : `answered ${status}`);
