import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import type { EventName } from "../../src/webhooks/event-names";
import { forgetAll, network, newWebhook, type Received } from "../webhooks/helpers";
import { call, newModel, newVersion, ok } from "./registry-helpers";

const IS_PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };
const EVENTS: EventName[] = [
  "registered_model.created",
  "model_version.created",
  "model_version_tag.set",
  "model_version_tag.deleted",
  "model_version_alias.created",
  "model_version_alias.deleted",
  "prompt.created",
  "prompt_version.created",
  "prompt_tag.set",
  "prompt_tag.deleted",
  "prompt_version_tag.set",
  "prompt_version_tag.deleted",
  "prompt_alias.created",
  "prompt_alias.deleted",
];

let received: Received[];

beforeEach(async () => {
  await forgetAll();
  received = network();
  await newWebhook(EVENTS);
});

type Told = [event: string, data: object];

/** Deliveries come in any order. */
async function expectTold(expected: Told[]): Promise<void> {
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(expected.length), 5000);
  const told = received.map(({ payload: { entity, action, data } }): Told => [`${entity}.${action}`, data]);
  const byName = (a: Told, b: Told) => (a[0] < b[0] ? -1 : 1);
  expect(told.sort(byName)).toEqual(expected.sort(byName));
}

async function changeEverything(name: string): Promise<void> {
  const version = { name, version: "1" };
  await ok("POST", "registered-models/set-tag", { name, key: "k", value: "v" });
  await ok("DELETE", "registered-models/delete-tag", { name, key: "k" });
  await ok("POST", "model-versions/set-tag", { ...version, key: "k", value: "v" });
  await ok("DELETE", "model-versions/delete-tag", { ...version, key: "k" });
  await ok("POST", "registered-models/alias", { ...version, alias: "a" });
  await ok("DELETE", "registered-models/alias", { name, alias: "a" });
}

test("a model tells of its making and of its versions, their tags and aliases", async () => {
  const name = await newModel({ description: "d", tags: [{ key: "t", value: '"' }] });
  await newVersion(name, { run_id: "r", tags: [{ key: "t", value: "1" }] });
  await changeEverything(name);
  const version = { name, version: "1" };
  await expectTold([
    ["registered_model.created", { name, tags: { t: '"' }, description: "d" }],
    [
      "model_version.created",
      { ...version, source: "s3://bucket/model", run_id: "r", tags: { t: "1" }, description: null },
    ],
    ["model_version_tag.set", { ...version, key: "k", value: "v" }],
    ["model_version_tag.deleted", { ...version, key: "k" }],
    ["model_version_alias.created", { name, alias: "a", version: "1" }],
    ["model_version_alias.deleted", { name, alias: "a" }],
  ]);
});

test("a prompt tells of the same in its own words, and of its tags", async () => {
  const name = await newModel({ tags: [IS_PROMPT, { key: "t", value: "1" }] });
  const tags = [
    IS_PROMPT,
    { key: "mlflow.prompt.text", value: "Hello" },
    { key: "_mlflow_prompt_type", value: "text" },
  ];
  await newVersion(name, { source: "dummy-source", tags });
  await changeEverything(name);
  const version = { name, version: "1" };
  await expectTold([
    ["prompt.created", { name, tags: { t: "1" }, description: "" }],
    ["prompt_version.created", { ...version, template: "Hello", tags: {}, description: null }],
    ["prompt_tag.set", { name, key: "k", value: "v" }],
    ["prompt_tag.deleted", { name, key: "k" }],
    ["prompt_version_tag.set", { ...version, key: "k", value: "v" }],
    ["prompt_version_tag.deleted", { ...version, key: "k" }],
    ["prompt_alias.created", { name, alias: "a", version: "1" }],
    ["prompt_alias.deleted", { name, alias: "a" }],
  ]);
});

test("what is refused is not told", async () => {
  for (const [method, path, body] of [
    ["POST", "model-versions/create", { name: "nobody", source: "s3://b/m" }],
    ["POST", "model-versions/set-tag", { name: "nobody", version: "1", key: "k" }],
    ["DELETE", "model-versions/delete-tag", { name: "nobody", version: "1", key: "k" }],
    ["POST", "registered-models/alias", { name: "nobody", version: "1", alias: "a" }],
    ["DELETE", "registered-models/alias", { name: "nobody", alias: "a" }],
  ] as const) {
    expect((await call(method, path, body))[0]).toBe(404);
  }
  const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM webhook_outbox").first<{ n: number }>()) ?? {};
  expect([n, received]).toEqual([0, []]);
});
