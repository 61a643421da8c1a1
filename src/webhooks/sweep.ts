/** WebhookSweep: the one Durable Object that looks for deliveries whose poke got lost, in a crash between a change's commit and its poke. */
import { Rounds } from "../rounds";
import { waitingTargets } from "./outbox-store";

export class WebhookSweep extends Rounds {
  protected override readonly period = 60_000;

  /** Goes on while there are active webhooks or deliveries. */
  protected override async round(): Promise<boolean> {
    const { targets, hasWebhooks } = await waitingTargets(this.env.DB);
    const { WEBHOOK_TARGETS } = this.env;
    for (const target of targets) {
      const stub = WEBHOOK_TARGETS.get(WEBHOOK_TARGETS.idFromName(target));
      await stub.poke(target).catch((error) => console.error(`waking the deliveries to ${target} failed`, error));
    }
    return hasWebhooks || targets.length > 0;
  }
}
