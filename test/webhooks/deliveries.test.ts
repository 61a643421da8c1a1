/** Deliveries from the outbox: at least once, whatever gets lost, and nobody waits for another's receiver. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { database } from "../../src/db/client";
import { messageInsert, pokeOutbox } from "../../src/webhooks/events";
import { sealSecret } from "../../src/webhooks/secrets";
import {
  api,
  commit,
  drained,
  forgetAll,
  network,
  newWebhook,
  type Received,
  rowsOf,
  signatureOf,
  tell,
} from "./helpers";

const targetOf = (id: string) => env.WEBHOOK_TARGETS.get(env.WEBHOOK_TARGETS.idFromName(id));
const sweep = () => env.WEBHOOK_SWEEPS.get(env.WEBHOOK_SWEEPS.idFromName("sweep"));
const idOf = ({ headers }: Received) => headers.get("X-MLflow-Delivery-Id");

afterEach(forgetAll);

describe("an event", () => {
  it("goes to every webhook that listens, signed where there is a secret, each under its own id", async () => {
    const received = network();
    const open = await newWebhook(["prompt_alias.created"]);
    const signed = await newWebhook(["prompt_alias.created", "prompt.created"], { secret: "s3cret" });
    const data = { name: "p", alias: "a", version: "3" };
    const waiting = await tell({ event: "prompt_alias.created", data });
    expect(waiting.map((w) => w.target).sort()).toEqual([open.id, signed.id].sort());
    await Promise.all([drained(open.id), drained(signed.id)]);
    expect(received.map((r) => r.url).sort()).toEqual([open.url, signed.url].sort());
    for (const one of received) {
      expect(one.payload).toMatchObject({ entity: "prompt_alias", action: "created", data });
      expect(idOf(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      const signature = one.url === signed.url ? await signatureOf("s3cret", one) : null;
      expect(one.headers.get("X-MLflow-Signature")).toBe(signature);
    }
    expect(new Set(received.map(idOf)).size).toBe(2);
  });

  it("writes no row where nobody listens, and calls nobody", async () => {
    const disabled = await newWebhook(["prompt_tag.set"], { status: "DISABLED" });
    const other = await newWebhook(["prompt_tag.deleted"]);
    expect(await commit({ event: "prompt_tag.set", data: { name: "p" } })).toEqual([]);
    expect(await rowsOf(disabled.id)).toEqual([]);
    expect(await rowsOf(other.id)).toEqual([]);
  });

  it("takes its data and its condition from the database, if only that knows them", async () => {
    const received = network();
    const { id } = await newWebhook(["model_version.created"]);
    const data = sql`json_object('name', ${'a "name"'}, 'version', CAST(1 + 1 AS TEXT))`;
    expect(await commit({ event: "model_version.created", data, when: sql`1 = 2` })).toEqual([]);
    await tell({ event: "model_version.created", data, when: sql`1 = 1` });
    await drained(id);
    expect(received.map((r) => r.payload.data)).toEqual([{ name: 'a "name"', version: "2" }]);
  });

  it("that would not fit into a row is cut, so that the change itself goes through", async () => {
    const received = network();
    const { id } = await newWebhook(["registered_model.created"]);
    const tags = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`t${i}`, "€".repeat(100_000)]));
    await tell({ event: "registered_model.created", data: { name: "m", tags, description: "d".repeat(20_000) } });
    await drained(id);
    expect(received[0]?.payload.data).toEqual({ name: "m", tags: {}, description: "d".repeat(10_000) });
  });

  it("is not delivered to a webhook that was disabled or deleted meanwhile", async () => {
    const received = network();
    const one = await newWebhook(["prompt_alias.deleted"]);
    const two = await newWebhook(["prompt_alias.deleted"]);
    const waiting = await commit({ event: "prompt_alias.deleted", data: {} });
    expect(waiting).toHaveLength(2);
    await api("PATCH", `/${one.id}`, { status: "DISABLED" });
    await api("DELETE", `/${two.id}`);
    expect(await rowsOf(two.id)).toEqual([]);
    await targetOf(one.id).poke(one.id);
    await drained(one.id);
    expect(received).toEqual([]);
  });
});

describe("a message to an address of its own", () => {
  it("carries its headers, its body and a signature", async () => {
    const received = network();
    const target = `monitor:${crypto.randomUUID()}`;
    const url = "https://alerts.example.com/in";
    const secret = await sealSecret(env, "abc");
    const headers = { "X-Extra": "1" };
    const message = { target, event: "alert", url, secret, headers, body: '{"text":"hi"}' };
    const waiting = await messageInsert(database(env.DB), message);
    expect(waiting).toEqual([{ target }]);
    pokeOutbox(env, { waitUntil: () => {} }, waiting);
    await drained(target);
    const [one] = received;
    if (!one) throw new Error("nothing was sent");
    expect([one.url, one.body, one.headers.get("X-Extra")]).toEqual([url, '{"text":"hi"}', "1"]);
    expect(one.headers.get("X-MLflow-Signature")).toBe(await signatureOf("abc", one));
  });
});

describe("a receiver that fails", () => {
  it("gets a delivery again under the same id, with pauses that grow", async () => {
    let answers = 0;
    const received = network(() => new Response(null, { status: ++answers < 3 ? 500 : 204 }));
    const { id } = await newWebhook(["prompt_version_tag.set"]);
    await tell({ event: "prompt_version_tag.set", data: {} });
    // The first retry comes at once, the second after two seconds or more.
    await expect.poll(() => received.length).toBe(2);
    await expect.poll(async () => (await rowsOf(id))[0]?.attempts).toBe(2);
    const [row] = await rowsOf(id);
    expect(row?.next_time - Date.now()).toBeGreaterThan(1000);
    expect(row?.next_time - Date.now()).toBeLessThanOrEqual(3000);
    await drained(id);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(idOf)).size).toBe(1);
    // Nothing stays stored of an object that has nothing to do.
    await expect
      .poll(() => runInDurableObject(targetOf(id), async (_, { storage }) => (await storage.list()).size))
      .toBe(0);
  });

  it.each([400, 404, 410, 302, 501])("with %i does not get it again", async (status) => {
    const received = network(() => new Response(null, { status }));
    const { id } = await newWebhook(["prompt_version_tag.deleted"]);
    await tell({ event: "prompt_version_tag.deleted", data: {} });
    await drained(id);
    expect(received).toHaveLength(1);
  });

  it("is waited for as long as it asks", async () => {
    network(() => new Response(null, { status: 429, headers: { "Retry-After": "120" } }));
    const { id } = await newWebhook(["model_version_tag.set"]);
    await tell({ event: "model_version_tag.set", data: {} });
    await expect.poll(async () => (await rowsOf(id))[0]?.attempts).toBe(1);
    const pause = (await rowsOf(id))[0]?.next_time - Date.now();
    expect(pause).toBeGreaterThan(110_000);
    expect(pause).toBeLessThanOrEqual(120_000);
  });

  it("holds up nobody else, and is itself asked by one delivery at a time", async () => {
    const received = network(({ url }) => {
      if (url === dead.url) throw new Error("connection refused");
      return new Response();
    });
    const dead = await newWebhook(["model_version_tag.deleted"]);
    const live = await newWebhook(["model_version_tag.deleted"]);
    for (let i = 0; i < 30; i++) await tell({ event: "model_version_tag.deleted", data: { i } });
    await drained(live.id);
    expect(received.filter((r) => r.url === live.url)).toHaveLength(30);
    expect(await rowsOf(dead.id)).toHaveLength(30);
    // Six at once at first, then single attempts until it counts as down.
    expect(received.filter((r) => r.url === dead.url).length).toBeLessThan(15);
  });

  it("gets what one bad delivery would hold up", async () => {
    const received = network(({ payload }) => new Response(null, { status: payload.data.i === 0 ? 500 : 200 }));
    const { id } = await newWebhook(["model_version_alias.deleted"]);
    for (let i = 0; i < 10; i++) await commit({ event: "model_version_alias.deleted", data: { i } });
    await targetOf(id).poke(id);
    await expect.poll(async () => (await rowsOf(id)).length).toBe(1);
    expect(new Set(received.map((r) => r.payload.data.i)).size).toBe(10);
  });

  it("loses what is older than a day, or was tried often enough", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const received = network(() => new Response(null, { status: 500 }));
    const { id } = await newWebhook(["model_version_alias.created"]);
    for (let i = 0; i < 2; i++) await commit({ event: "model_version_alias.created", data: { i } });
    const [first, second] = await rowsOf(id);
    const change = "UPDATE webhook_outbox SET creation_time = ?, attempts = ? WHERE target = ? AND delivery_id = ?";
    await env.DB.batch([
      env.DB.prepare(change).bind(Date.now() - 25 * 3600_000, 0, id, first?.delivery_id),
      env.DB.prepare(change).bind(Date.now(), 12, id, second?.delivery_id),
    ]);
    await targetOf(id).poke(id);
    await drained(id);
    expect(received.map((r) => r.payload.data.i)).toEqual([1]);
  });
});

describe("a crash", () => {
  it("between commit and poke only delays a delivery: the sweep finds it", async () => {
    const received = network();
    const { id } = await newWebhook(["registered_model.created"]);
    await commit({ event: "registered_model.created", data: { name: "m" } });
    expect(await runDurableObjectAlarm(sweep())).toBe(true);
    await drained(id);
    expect(received.map((r) => r.payload.data)).toEqual([{ name: "m" }]);
    // It goes on looking while there are webhooks.
    expect(await runInDurableObject(sweep(), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now());
  });

  it("of a target that waits to try again only wakes it by its alarm", async () => {
    let fails = true;
    const received = network(() => new Response(null, { status: fails ? 503 : 200, headers: { "Retry-After": "30" } }));
    const { id } = await newWebhook(["registered_model.created"]);
    await tell({ event: "registered_model.created", data: {} });
    await expect.poll(async () => (await rowsOf(id))[0]?.attempts).toBe(1);
    await expect
      .poll(() => runInDurableObject(targetOf(id), (_, { storage }) => storage.getAlarm()))
      .toBeGreaterThan(Date.now() + 20_000);
    await evictDurableObject(targetOf(id));
    fails = false;
    await env.DB.prepare("UPDATE webhook_outbox SET next_time = 0 WHERE target = ?").bind(id).run();
    expect(await runDurableObjectAlarm(targetOf(id))).toBe(true);
    await drained(id);
    expect(received).toHaveLength(2);
    expect(new Set(received.map(idOf)).size).toBe(1);
  });
});

describe("many deliveries to one receiver", () => {
  it("are made several at a time, in order of their coming, and soon", async () => {
    const received = network(async () => {
      await scheduler.wait(20);
      return new Response();
    });
    const { id } = await newWebhook(["prompt_tag.set"]);
    const start = Date.now();
    await Promise.all(Array.from({ length: 200 }, (_, i) => tell({ event: "prompt_tag.set", data: { i } })));
    await drained(id);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(new Set(received.map(idOf)).size).toBe(200);
    expect(received).toHaveLength(200);
  });
});
