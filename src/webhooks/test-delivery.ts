/** A delivery that somebody waits for: made at once, past the outbox. */
import type { Env } from "../env";
import type { Messages } from "../wire/contract.generated";
import { attempt, type Delivery } from "./delivery";
import type { EventName } from "./event-names";
import { payload } from "./events";
import { EXAMPLES } from "./examples";
import { FAST_RETRIES, retryPause } from "./retries";
import type { Webhook } from "./webhook";

/** Sends an example of an event, by default of the webhook's first, with the retries MLflow makes. */
export async function testWebhook(
  env: Env,
  { row, events }: Webhook,
  event: EventName = events[0] ?? "registered_model.created",
): Promise<Messages["mlflow.WebhookTestResult"]> {
  const delivery: Delivery = {
    deliveryId: crypto.randomUUID(),
    url: row.url,
    secret: row.secret,
    headers: {},
    body: payload(event, JSON.stringify(EXAMPLES[event]), Date.now()),
  };
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(env, delivery, true);
    const pause = outcome.verdict === "retry" ? retryPause(attempts, outcome.retryAfter, FAST_RETRIES) : undefined;
    if (pause === undefined) {
      return {
        success: outcome.verdict === "delivered",
        response_status: outcome.status,
        response_body: outcome.responseBody || undefined,
        error_message: outcome.error && `Failed to test webhook: ${outcome.error}`,
      };
    }
    await scheduler.wait(pause);
  }
}
