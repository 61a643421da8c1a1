/** Webhooks: MLflow's routes. See docs/webhooks.md. */
import { invalid } from "../wire/errors";
import { decodeOffset, page } from "../wire/paging";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import { checkAddress } from "./addresses";
import { allowsPrivate } from "./delivery";
import { watchOutbox } from "./events";
import { sealSecret } from "./secrets";
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, updateWebhook } from "./store";
import { testWebhook } from "./test-delivery";
import { checkEvent, checkEvents, checkName, wireWebhook } from "./webhook";

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
    return Response.json({ webhook: wireWebhook(webhook) });
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
    const events = request.events?.length ? checkEvents(request.events) : undefined;
    if (status === "ACTIVE") await watchOutbox(c.env);
    const change = {
      name: name || undefined,
      url: url || undefined,
      description,
      secret: secret ? await sealSecret(c.env, secret) : secret === "" ? null : undefined,
      status,
      events,
    };
    return { webhook: wireWebhook(await updateWebhook(c.get("db"), id, change, Date.now())) };
  });

  rpc(app, "testWebhook", async (request, c) => {
    const event = request.event && checkEvent(request.event, "event");
    const webhook = await getWebhook(c.get("db"), idOf(c));
    return { result: await testWebhook(c.env, webhook, event) };
  });
}

/** MLflow's Python client fails on a whole list for one event that it has no name for. */
const knowsOnlyMlflow = (c: AppContext): boolean =>
  c.req.header("User-Agent")?.startsWith("mlflow-python-client/") ?? false;

const idOf = (c: AppContext): string => c.req.param("webhook_id") ?? "";
