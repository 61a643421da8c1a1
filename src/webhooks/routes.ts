/** Webhooks: MLflow's routes. See docs/webhooks.md. */
import { invalid } from "../wire/errors";
import { decodeOffset, page } from "../wire/paging";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import { checkAddress } from "./addresses";
import { allowsPrivate } from "./delivery";
import { type EventName, isMlflowEvent } from "./event-names";
import { watchOutbox } from "./events";
import { sealSecret } from "./secrets";
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, updateWebhook } from "./store";
import { testWebhook } from "./test-delivery";
import { checkEvent, checkEvents, checkName, type Webhook, wireWebhook } from "./webhook";

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

export function webhookRoutes(app: App): void {
  rpc(app, "createWebhook", async (request, c) => {
    const { name, url, description, secret, status = "ACTIVE" } = request;
    checkName(name);
    checkAddress(url, allowsPrivate(c.env));
    if (request.events.length === 0) throw invalid("Webhook events cannot be empty");
    const events = checkEvents(request.events);
    await watchOutbox(c.env);
    const now = Date.now();
    const row = {
      webhookId: crypto.randomUUID(),
      workspace: "default",
      name,
      url,
      description: description || null,
      secret: secret ? await sealSecret(c.env, secret) : null,
      status,
      creationTime: now,
      lastUpdateTime: now,
    };
    return { webhook: wireWebhook(await createWebhook(c.get("db"), row, events)) };
  });

  rpc(app, "listWebhooks", async ({ max_results, page_token }, c) => {
    const limit = max_results || DEFAULT_PAGE;
    if (limit < 1 || limit > MAX_PAGE) throw invalid(`max_results must be between 1 and ${MAX_PAGE}.`);
    const offset = decodeOffset(page_token);
    const found = await listWebhooks(c.get("db"), { limit: limit + 1, offset, onlyMlflow: knowsOnlyMlflow(c) });
    const { rows, next_page_token } = page(found, offset, limit);
    return { webhooks: rows.length > 0 ? rows.map(wireWebhook) : undefined, next_page_token };
  });

  // Neither reads a body, nor minds how a request without any is labelled.
  raw(app, "getWebhook", async (c) => {
    const webhook = await getWebhook(c.get("db"), idOf(c));
    return Response.json({ webhook: wireWebhook(readable(c, webhook)) });
  });

  raw(app, "deleteWebhook", async (c) => {
    await deleteWebhook(c.get("db"), idOf(c));
    return Response.json({});
  });

  rpc(app, "updateWebhook", async (request, c) => {
    const { name, url, description, secret, status } = request;
    const id = idOf(c);
    // As in MLflow, an empty name, URL or list of events changes nothing; an empty description or secret takes it away.
    if (name) checkName(name);
    if (url) checkAddress(url, allowsPrivate(c.env));
    const asked = request.events?.length ? checkEvents(request.events) : undefined;
    const events = asked && [...asked, ...(await unseen(c, id))];
    if (!events && knowsOnlyMlflow(c)) readable(c, await getWebhook(c.get("db"), id));
    if (status === "ACTIVE") await watchOutbox(c.env);
    const change = {
      name: name || undefined,
      url: url || undefined,
      description,
      secret: secret ? await sealSecret(c.env, secret) : secret === "" ? null : undefined,
      status,
      events,
    };
    return { webhook: wireWebhook(readable(c, await updateWebhook(c.get("db"), id, change, Date.now()))) };
  });

  rpc(app, "testWebhook", async (request, c) => {
    const event = request.event && checkEvent(request.event, "event");
    const webhook = await getWebhook(c.get("db"), idOf(c));
    return { result: await testWebhook(c.env, webhook, event) };
  });
}

/** A webhook as a client can read it. Errors: 400 where MLflow's client could read none of its events. */
function readable(c: AppContext, webhook: Webhook): Webhook {
  if (!knowsOnlyMlflow(c)) return webhook;
  const events = webhook.events.filter(isMlflowEvent);
  if (events.length > 0) return { ...webhook, events };
  throw invalid(
    `The webhook ${webhook.row.webhookId} listens to events of runs alone, which MLflow's client has no names for: ` +
      "read or change it with another HTTP client.",
  );
}

/** Events of a webhook that a client was not shown, and so can't mean to take away when it sends others. */
async function unseen(c: AppContext, id: string): Promise<EventName[]> {
  if (!knowsOnlyMlflow(c)) return [];
  return (await getWebhook(c.get("db"), id)).events.filter((event) => !isMlflowEvent(event));
}

/** MLflow's Python client fails on a whole answer for one event that it has no name for. */
const knowsOnlyMlflow = (c: AppContext): boolean =>
  c.req.header("User-Agent")?.startsWith("mlflow-python-client/") ?? false;

const idOf = (c: AppContext): string => c.req.param("webhook_id") ?? "";
