/**
 * MonitorClock: the one Durable Object that notices silence, which no point tells of. It looks twice a minute while there
 * are monitors of that kind, and costs nothing where there are none.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import { findSilence } from "./silence";

const PERIOD_MS = 30_000;
/** What was about to be written when the watch began is written by then. */
const KEEP_MS = 4 * PERIOD_MS;

export class MonitorClock extends DurableObject<Env> {
  /** Looks from here on, while there are monitors of silence. */
  async watch(): Promise<void> {
    const { storage } = this.ctx;
    await storage.put("until", Date.now() + KEEP_MS);
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + PERIOD_MS);
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const until = (await storage.get<number>("until")) ?? 0;
    let goesOn = true;
    try {
      goesOn = await findSilence(this.env, this.ctx, Date.now());
    } catch (error) {
      console.error("looking for silent runs failed, will be tried again", error);
    }
    if (goesOn || Date.now() < until) await storage.setAlarm(Date.now() + PERIOD_MS);
  }
}

/** Has silence looked for; await it before writing a monitor of that kind. */
export async function watchClock(env: Env): Promise<void> {
  await env.MONITOR_CLOCK.get(env.MONITOR_CLOCK.idFromName("clock")).watch();
}
