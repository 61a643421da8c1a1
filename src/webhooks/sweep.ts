/** WebhookSweep: the one Durable Object that looks for deliveries whose poke got lost. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";

/** A delivery whose poke got lost waits at most this long. */
const PERIOD_MS = 60_000;

export class WebhookSweep extends DurableObject<Env> {
  /** Looks through the outbox from here on, while there are webhooks or deliveries. */
  async watch(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + PERIOD_MS);
  }
}
