/** MLflow's routes for webhooks. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSecret, sealSecret } from "../../src/webhooks/secrets";
import { api, forgetAll, network, newWebhook, signatureOf, wireEvent } from "./helpers";

const CREATED = [wireEvent("registered_model.created")];
const URL_OK = "https://example.com/hook";

beforeEach(() => void network());
afterEach(forgetAll);

describe("webhooks", () => {
  it("are created, read, changed and deleted", async () => {
    const events = [wireEvent("registered_model.created"), wireEvent("model_version_alias.created")];
    const body = { name: "hook", url: URL_OK, events, secret: "s3cret", description: "d" };
    const [, { webhook }] = await api("POST", "", body);
    expect(webhook).toEqual({
      webhook_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "hook",
      description: "d",
      url: URL_OK,
      events: [wireEvent("model_version_alias.created"), wireEvent("registered_model.created")],
      status: "ACTIVE",
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: webhook.creation_timestamp,
    });
    const path = `/${webhook.webhook_id}`;
    expect(await api("GET", path)).toEqual([200, { webhook }]);

    const change = { name: "other", events: [wireEvent("run.started")], status: "DISABLED", description: "" };
    const [, { webhook: changed }] = await api("PATCH", path, change);
    expect(changed).toMatchObject({ name: "other", url: URL_OK, events: change.events, status: "DISABLED" });
    expect(changed).not.toHaveProperty("description");
    expect(changed.last_updated_timestamp).toBeGreaterThanOrEqual(webhook.creation_timestamp);

    const [, { webhook: same }] = await api("PATCH", path, { name: "", url: "", events: [], secret: "" });
    expect(same).toEqual({ ...changed, last_updated_timestamp: same.last_updated_timestamp });

    expect(await api("DELETE", path)).toEqual([200, {}]);
    for (const [method, at] of [
      ["GET", path],
      ["PATCH", path],
      ["DELETE", path],
      ["POST", `${path}/test`],
    ] as const) {
      const [status, error] = await api(method, at, method === "GET" ? undefined : {});
      expect([status, error.message]).toEqual([404, `Webhook with ID ${webhook.webhook_id} not found.`]);
    }
  });

  it("are listed in pages, the newest first", async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) {
      ids.unshift((await newWebhook(["prompt.created"])).id);
      await scheduler.wait(2);
    }
    const found: string[] = [];
    let token: string | undefined;
    do {
      const query: string = token ? `&page_token=${encodeURIComponent(token)}` : "";
      const [, page] = await api("GET", `?max_results=2${query}`);
      found.push(...page.webhooks.map((w: { webhook_id: string }) => w.webhook_id));
      token = page.next_page_token;
    } while (token);
    expect(found.slice(0, 5)).toEqual(ids);
    expect(new Set(found).size).toBe(found.length);
    for (const n of [-1, 1001]) {
      const [status, error] = await api("GET", `?max_results=${n}`);
      expect([status, error.message]).toEqual([400, "max_results must be between 1 and 1000."]);
    }
  });

  it("with events that MLflow lacks are kept from its Python client, which would fail on them", async () => {
    const own = await newWebhook(["run.failed"]);
    const both = await newWebhook(["run.failed", "prompt.created"]);
    const [, { webhooks }] = await api("GET", "", undefined, { "User-Agent": "mlflow-python-client/3.17.2" });
    expect(webhooks).toEqual([expect.objectContaining({ webhook_id: both.id, events: [wireEvent("prompt.created")] })]);
    const client = { "User-Agent": "mlflow-python-client/3.17.2" };
    const [, shown] = await api("GET", `/${both.id}`, undefined, client);
    expect(shown.webhook.events).toEqual([wireEvent("prompt.created")]);
    const [, changed] = await api("PATCH", `/${both.id}`, { events: [wireEvent("prompt_tag.set")] }, client);
    expect(changed.webhook.events).toEqual([wireEvent("prompt_tag.set")]);
    const [, whole] = await api("GET", `/${both.id}`);
    expect(whole.webhook.events).toEqual([wireEvent("prompt_tag.set"), wireEvent("run.failed")]);
    for (const [method, body] of [["GET"], ["PATCH", { name: "changed" }]] as const) {
      const [status, error] = await api(method, `/${own.id}`, body, client);
      expect([status, error.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    }
    const [, all] = await api("GET");
    expect(all.webhooks.map((w: { webhook_id: string }) => w.webhook_id).sort()).toEqual([own.id, both.id].sort());
  });

  it.each([
    [{ name: "a b" }, /^Webhook name 'a b' is invalid\. It must start and end with a letter or digit/],
    [{ name: "w".repeat(64) }, /^Webhook name 'w+' is invalid/],
    [{ name: "-a" }, /^Webhook name '-a' is invalid/],
    [{ url: "http://example.com/" }, /^Invalid webhook URL scheme: 'http'\. Allowed schemes are: https\.$/],
    [{ events: [] }, /^Webhook events cannot be empty$/],
    [
      { events: [{ entity: "BOGUS", action: "CREATED" }] },
      /^Missing value for required parameter 'events\[0\]\.entity'/,
    ],
    [{ events: [{ entity: "RUN" }] }, /^Missing value for required parameter 'events\[0\]\.action'/],
    [{ events: [...CREATED, ...CREATED] }, /'registered_model\.created' is in the list more than once/],
    [
      { events: [{ entity: "PROMPT_TAG", action: "CREATED" }] },
      /^Invalid action 'created' for entity 'prompt_tag'\. Valid actions are: \['deleted', 'set'\]$/,
    ],
  ])("refuse %j", async (fields, message) => {
    const [status, error] = await api("POST", "", { name: "hook", url: URL_OK, events: CREATED, ...fields });
    expect(error.message).toMatch(message);
    expect(status).toBe(400);
  });

  it("take an unknown status for an active one, and long names", async () => {
    const body = { name: "w".repeat(63), url: URL_OK, events: CREATED, status: "BOGUS" };
    const [status, { webhook }] = await api("POST", "", body);
    expect([status, webhook.status]).toEqual([200, "ACTIVE"]);
  });
});

describe("a test delivery", () => {
  it("sends an example, signed, and gives back the answer", async () => {
    const received = network(() => new Response("hello"));
    const { id, url } = await newWebhook(["prompt_version.created"], { secret: "s3cret", status: "DISABLED" });
    const [, { result }] = await api("POST", `/${id}/test`, {});
    expect(result).toEqual({ success: true, response_status: 200, response_body: "hello" });
    const [first] = received;
    if (!first) throw new Error("nothing was sent");
    expect(first.url).toBe(url);
    expect(first.payload).toEqual({
      entity: "prompt_version",
      action: "created",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
      data: expect.objectContaining({ version: "1", template: expect.any(String) }),
    });
    expect(first.headers.get("Content-Type")).toBe("application/json");
    expect(first.headers.get("X-MLflow-Signature")).toBe(await signatureOf("s3cret", first));
    expect(Math.abs(Number(first.headers.get("X-MLflow-Timestamp")) - Date.now() / 1000)).toBeLessThan(5);

    await api("POST", `/${id}/test`, { event: wireEvent("run.failed") });
    expect(received[1]?.payload).toMatchObject({ entity: "run", action: "failed" });
    const [status, error] = await api("POST", `/${id}/test`, { event: { entity: "RUN", action: "SET" } });
    expect([status, error.message]).toEqual([
      400,
      "Invalid action 'set' for entity 'run'. Valid actions are: ['failed', 'finished', 'started']",
    ]);
  });

  it("says what went wrong, and sends no signature without a secret", async () => {
    const received = network(() => new Response("no", { status: 404 }));
    const { id } = await newWebhook(["prompt.created"]);
    const [, refused] = await api("POST", `/${id}/test`, {});
    expect(refused.result).toEqual({ success: false, response_status: 404, response_body: "no" });
    expect(received[0]?.headers.has("X-MLflow-Signature")).toBe(false);

    network(() => new Response(null, { status: 302, headers: { Location: "https://127.0.0.1/" } }));
    const [, redirected] = await api("POST", `/${id}/test`, {});
    expect(redirected.result).toEqual({ success: false, response_status: 302 });
  });

  it("tries again as MLflow does, with one id", async () => {
    const received = network(() => new Response(null, { status: 503, headers: { "Retry-After": "0" } }));
    const { id } = await newWebhook(["prompt.created"]);
    const [, { result }] = await api("POST", `/${id}/test`, {});
    expect(result).toEqual({ success: false, response_status: 503 });
    expect(received).toHaveLength(4);
    expect(new Set(received.map((r) => r.headers.get("X-MLflow-Delivery-Id"))).size).toBe(1);
  });

  it("sends what stands in a URL before the host as Basic authentication", async () => {
    const received = network();
    const { id } = await newWebhook(["prompt.created"], {});
    await api("PATCH", `/${id}`, { url: "https://us%65r:p%40ss@example.com/hook" });
    await api("POST", `/${id}/test`, {});
    expect(received[0]?.url).toBe("https://example.com/hook");
    expect(received[0]?.headers.get("Authorization")).toBe(`Basic ${btoa("user:p@ss")}`);
  });
});

describe("secrets", () => {
  it("are never returned", async () => {
    const { id } = await newWebhook(["prompt.created"], { secret: "hidden-secret" });
    for (const path of [`/${id}`, "?max_results=1000"]) {
      expect(JSON.stringify(await api("GET", path))).not.toContain("hidden-secret");
    }
  });

  it("are sealed with the deployment's key, each time anew", async () => {
    const key = { TIDEMARK_WEBHOOKS_SECRET_KEY: "a key of the deployment" };
    const sealed = await sealSecret(key, "s3crét");
    expect(sealed).toMatch(/^v1\.[A-Za-z0-9+/=]+$/);
    expect(sealed).not.toBe(await sealSecret(key, "s3crét"));
    expect(await openSecret(key, sealed)).toBe("s3crét");
    await expect(openSecret({}, sealed)).rejects.toThrow("TIDEMARK_WEBHOOKS_SECRET_KEY is not set");
    await expect(openSecret({ TIDEMARK_WEBHOOKS_SECRET_KEY: "other" }, sealed)).rejects.toThrow("another");
  });

  it("are kept as they are without a key, and stay readable once there is one", async () => {
    const plain = await sealSecret({}, "s3cret");
    expect(await openSecret({ TIDEMARK_WEBHOOKS_SECRET_KEY: "new" }, plain)).toBe("s3cret");
    const { id } = await newWebhook(["prompt.created"], { secret: "s3cret" });
    const row = env.DB.prepare("SELECT secret FROM webhooks WHERE webhook_id = ?").bind(id);
    expect(await row.first("secret")).toBe(plain);
  });
});
