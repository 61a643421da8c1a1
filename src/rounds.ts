/**
 * A Durable Object that looks after something now and then, for as long as there is something to look after, and costs
 * nothing otherwise.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** Rounds that are made whatever is found: by then is written what was about to be when the watch began. */
const KEPT_ROUNDS = 4;

export abstract class Rounds extends DurableObject<Env> {
  /** From one round to the next, in ms. */
  protected abstract readonly period: number;
  #until: number | undefined;

  /** One round; whether there is something to look after. Should it fail, it is made again. */
  protected abstract round(): Promise<boolean>;

  /** Makes rounds from here on. Await it before writing what is to be looked after: not even a crash leaves it alone then. */
  async watch(): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    this.#until ??= (await storage.get<number>("until")) ?? 0;
    if (this.#until < now + this.period) {
      this.#until = now + KEPT_ROUNDS * this.period;
      await storage.put("until", this.#until);
    }
    if ((await storage.getAlarm()) === null) await storage.setAlarm(now + this.period);
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    this.#until ??= (await storage.get<number>("until")) ?? 0;
    let goesOn = true;
    try {
      goesOn = await this.round();
    } catch (error) {
      // Not thrown on: the platform gives up on an alarm after a few failures.
      console.error(`${this.constructor.name} failed, will try again`, error);
    }
    if (goesOn || Date.now() < this.#until) await storage.setAlarm(Date.now() + this.period);
  }
}
