/**
 * WebhookSweep: the one Durable Object that looks for deliveries whose poke got lost, in a crash between a change's commit
 * and its poke. It looks once a minute while there are webhooks, and costs nothing where there are none.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import { waitingTargets } from "./outbox-store";

const PERIOD_MS = 60_000;
/** What was about to be written when the watch began is written by then. */
const KEEP_MS = 2 * PERIOD_MS;

export class WebhookSweep extends DurableObject<Env> {
  /** Looks through the outbox from here on, while there are active webhooks or deliveries. */
  async watch(): Promise<void> {
    const { storage } = this.ctx;
    await storage.put("until", Date.now() + KEEP_MS);
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + PERIOD_MS);
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const until = (await storage.get<number>("until")) ?? 0;
    const { targets, hasWebhooks } = await waitingTargets(this.env.DB);
    const stays = hasWebhooks || targets.length > 0 || Date.now() < until;
    if (stays) await storage.setAlarm(Date.now() + PERIOD_MS);
    const { WEBHOOK_TARGETS } = this.env;
    for (const target of targets) {
      const stub = WEBHOOK_TARGETS.get(WEBHOOK_TARGETS.idFromName(target));
      await stub.poke(target).catch((error) => console.error(`waking the deliveries to ${target} failed`, error));
    }
  }
}
