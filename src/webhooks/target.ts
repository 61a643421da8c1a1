/** WebhookTarget: one Durable Object a target of deliveries, so that a dead receiver holds up nobody else. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";

export class WebhookTarget extends DurableObject<Env> {
  /** Delivers what waits for this target. Returns at once. */
  async poke(target: string): Promise<void> {
    await this.ctx.storage.put("target", target);
  }
}
