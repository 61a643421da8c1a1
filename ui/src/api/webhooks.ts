/** Webhooks, in MLflow's REST form. All functions throw {@link ApiError}. */
import { get, post } from "./client";

export interface WebhookEvent {
  entity: string;
  action: string;
}

export interface Webhook {
  webhook_id: string;
  name: string;
  description?: string;
  url: string;
  events: WebhookEvent[];
  status?: "ACTIVE" | "DISABLED";
}

export async function listWebhooks(signal?: AbortSignal): Promise<Webhook[]> {
  return (await get<{ webhooks?: Webhook[] }>("webhooks", { max_results: 100 }, signal)).webhooks ?? [];
}

export async function createWebhook(
  webhook: Pick<Webhook, "name" | "url" | "events"> & { secret?: string },
): Promise<void> {
  await post("webhooks", webhook);
}

export async function deleteWebhook(id: string): Promise<void> {
  await post(`webhooks/${encodeURIComponent(id)}`, {}, undefined, "DELETE");
}

/** Sends an example now; what the receiver answered. */
export async function testWebhook(
  id: string,
): Promise<{ success?: boolean; response_status?: number; error_message?: string }> {
  const answer = await post<{ result?: { success?: boolean; response_status?: number; error_message?: string } }>(
    `webhooks/${encodeURIComponent(id)}/test`,
    {},
  );
  return answer.result ?? {};
}
