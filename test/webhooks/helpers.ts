import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { EventName } from "../../src/webhooks/event-names";
import { type ChangeEvent, eventStatement, pokeOutbox, type Waiting } from "../../src/webhooks/events";
import type { Json } from "../tracking/helpers";

const API = "http://tidemark/api/2.0/mlflow/webhooks";

/** Calls a webhook route; gives back status and body. */
export async function api(method: string, path = "", body?: Json, headers = {}): Promise<[number, Json]> {
  const type = body && { "Content-Type": "application/json" };
  const init = { method, headers: { ...type, ...headers }, body: body && JSON.stringify(body) };
  const answer = await SELF.fetch(API + path, init);
  return [answer.status, await answer.json()];
}

/** Wire form of an event. */
export function wireEvent(name: EventName): Json {
  const [entity, action] = name.toUpperCase().split(".");
  return { entity, action };
}

/** Webhooks of one test would hear the next one's events. */
export async function forgetAll(): Promise<void> {
  vi.restoreAllMocks();
  await env.DB.batch(["webhooks", "webhook_events", "webhook_outbox"].map((t) => env.DB.prepare(`DELETE FROM ${t}`)));
}

let made = 0;

/** A webhook with a receiver of its own. */
export async function newWebhook(events: EventName[], fields: Json = {}): Promise<{ id: string; url: string }> {
  const url = `https://receiver-${++made}.example.com/hook`;
  const [status, answer] = await api("POST", "", { name: "hook", url, events: events.map(wireEvent), ...fields });
  expect(answer.webhook, JSON.stringify(answer)).toMatchObject({ url });
  expect(status).toBe(200);
  return { id: answer.webhook.webhook_id, url };
}

/** One request that left the Worker. */
export interface Received {
  url: string;
  headers: Headers;
  body: string;
  /** The body as JSON. */
  payload: Json;
}

/** What a receiver answers; a thrown error is a connection that fails. */
export type Receiver = (received: Received) => Response | Promise<Response>;

/** Stands in for the network: requests go to `receiver`, and are kept. */
export function network(receiver: Receiver = () => new Response("thanks")): Received[] {
  const all: Received[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as string, init as RequestInit);
    expect(request.method).toBe("POST");
    expect(request.redirect).toBe("manual");
    const body = await request.text();
    const received = { url: request.url, headers: request.headers, body, payload: JSON.parse(body) as Json };
    all.push(received);
    return await receiver(received);
  });
  return all;
}

/** Commits an event by itself, and says who waits for it. */
export async function commit(event: ChangeEvent): Promise<Waiting[]> {
  return (await eventStatement(env.DB, event).run<Waiting>()).results;
}

/** Commits an event and pokes those who wait for it, as a route does. */
export async function tell(event: ChangeEvent): Promise<Waiting[]> {
  const waiting = await commit(event);
  const pokes: Promise<unknown>[] = [];
  pokeOutbox(env, { waitUntil: (p) => void pokes.push(p) }, waiting);
  await Promise.all(pokes);
  return waiting;
}

/** The rows of a target in the outbox. */
export async function rowsOf(target: string): Promise<Json[]> {
  const query = env.DB.prepare("SELECT * FROM webhook_outbox WHERE target = ? ORDER BY delivery_id").bind(target);
  return (await query.all<Json>()).results;
}

/** Waits until nothing is left of a target. */
export async function drained(target: string, timeout = 5000): Promise<void> {
  await expect.poll(() => rowsOf(target), { timeout }).toEqual([]);
}

/** The signature a receiver computes. */
export async function signatureOf(secret: string, { headers, body }: Received): Promise<string> {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"]);
  const text = `${headers.get("X-MLflow-Delivery-Id")}.${headers.get("X-MLflow-Timestamp")}.${body}`;
  return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))).toBase64()}`;
}
