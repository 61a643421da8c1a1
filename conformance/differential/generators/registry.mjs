/** Registered models and their versions: made, renamed, tagged, given aliases and stages, deleted, read and searched. */
import { modelVersionFilter, modelVersionOrder, registeredModelFilter, registeredModelOrder } from "../filters.mjs";
import { BAD_KEYS, entries, key, longText, text } from "../values.mjs";
import { get, post } from "../world.mjs";

const MODELS = "registered-models";
const VERSIONS = "model-versions";
const STAGES = ["None", "Staging", "Production", "Archived", "production", "STAGING", "Bogus", ""];
const ALIASES = [
  "champion",
  "Champion",
  "c-1",
  "a_b",
  "latest",
  "LATEST",
  "v1",
  "V22",
  "v1a",
  "bad alias",
  "x".repeat(256),
  "",
  "ü",
];
const send = (family, method, path, body) => ({ family, method, path, body });

/** A registered model's name, now and then one that isn't there. */
const modelName = (world) =>
  world.registered.length === 0 || world.random.chance(0.05)
    ? world.random.pick(["nope", "", "a/b"])
    : world.random.pick(world.registered);

/** A version as `{name, version}`, now and then one that isn't there. */
function someVersion(world) {
  const { random } = world;
  if (world.versions.length === 0 || random.chance(0.06)) {
    if (world.registered.length === 0) return { name: "nope", version: "1" };
    return { name: random.pick(world.registered), version: random.pick(["1", "99", "abc", "0", "-1", "", "1.0"]) };
  }
  return random.pick(world.versions);
}

function* createModel(world) {
  const { random } = world;
  const name = world.name("reg");
  const more = random.weighted([
    [3, {}],
    [2, { tags: entries(random, 3), description: text(random) }],
    [1, { name: random.pick(["", " ", "a/b", "a:b", "x".repeat(300) + world.prefix, "../x"]) }],
    [1, { tags: entries(random, 4, { repeats: true }) }],
    [1, { tags: [{ key: random.pick(BAD_KEYS), value: text(random) }] }],
    [1, { name: world.registered.length > 0 ? random.pick(world.registered) : name }],
  ]);
  const body = { name, ...more };
  const made = yield post(MODELS, "registered-models/create", body);
  if (made.ok && world.registered.length < 8 && body.name === name) world.registered.push(name);
  if (made.ok) yield get(MODELS, "registered-models/get", { name: body.name });
}

function* readModel(world) {
  yield get(MODELS, "registered-models/get", { name: modelName(world) });
}

function* changeModel(world) {
  const { random } = world;
  const name = modelName(world);
  yield random.weighted([
    [
      2,
      () =>
        send(MODELS, "PATCH", "registered-models/update", {
          name,
          description: random.pick([text(random), undefined]),
        }),
    ],
    [
      2,
      () =>
        post(MODELS, "registered-models/set-tag", {
          name,
          key: random.chance(0.9) ? key(random) : random.pick(BAD_KEYS),
          value: random.pick([text(random), undefined]),
        }),
    ],
    [1, () => send(MODELS, "DELETE", "registered-models/delete-tag", { name, key: key(random) })],
  ])();
  yield get(MODELS, "registered-models/get", { name });
}

function* renameModel(world) {
  const { random } = world;
  const name = modelName(world);
  const new_name = random.weighted([
    [4, world.name("reg")],
    [1, random.pick(["", "a/b", " "])],
    [1, modelName(world)],
  ]);
  const renamed = yield post(MODELS, "registered-models/rename", { name, new_name });
  if (!renamed.ok) return;
  world.registered = world.registered.map((each) => (each === name ? new_name : each));
  for (const version of world.versions) if (version.name === name) version.name = new_name;
  yield get(MODELS, "registered-models/get", { name: new_name });
  yield get(MODELS, "registered-models/get", { name });
}

function* removeModel(world) {
  if (world.registered.length < 4) return;
  const name = modelName(world);
  const gone = yield send(MODELS, "DELETE", "registered-models/delete", { name });
  if (!gone.ok) return;
  world.registered = world.registered.filter((each) => each !== name);
  world.versions = world.versions.filter((each) => each.name !== name);
  yield get(MODELS, "registered-models/get", { name });
}

function* latest(world) {
  const { random } = world;
  const stages = random.weighted([
    [2, undefined],
    [3, random.some(STAGES.slice(0, 5), 2)],
    [1, random.some(STAGES, 2)],
  ]);
  const asks = { name: modelName(world), stages };
  yield random.chance(0.5)
    ? get(MODELS, "registered-models/get-latest-versions", asks)
    : post(MODELS, "registered-models/get-latest-versions", asks);
}

function* alias(world) {
  const { random } = world;
  const { name, version } = someVersion(world);
  const given = random.chance(0.6) ? random.pick(["champion", "Champion", "c-1"]) : random.pick(ALIASES);
  yield random.weighted([
    [4, () => post(MODELS, "registered-models/alias", { name, alias: given, version })],
    [2, () => send(MODELS, "DELETE", "registered-models/alias", { name, alias: given })],
    [4, () => get(MODELS, "registered-models/alias", { name, alias: given })],
  ])();
  if (random.chance(0.5)) yield get(VERSIONS, "model-versions/get", { name, version });
}

/** Where a version may come from, allowed or not. */
function source(world) {
  const { random } = world;
  const run = world.run();
  const model = world.models.length > 0 ? random.pick(world.models) : world.model();
  const other = world.versions.length > 0 ? random.pick(world.versions) : { name: "nope", version: "1" };
  return random.weighted([
    [4, { source: "s3://bucket/model", ...(random.chance(0.4) && { run_id: run }) }],
    [3, { source: `runs:/${run}/model`, run_id: random.chance(0.8) ? run : world.run() }],
    [2, { source: `models:/${model}`, model_id: random.chance(0.8) ? model : undefined }],
    [3, { source: `models:/${other.name}/${other.version}` }],
    [1, { source: `models:/${other.name}@${random.pick(["champion", "none"])}` }],
    [
      1,
      {
        source: random.pick([
          "",
          "/etc/passwd",
          "file:///etc",
          "s3://b/../x",
          "http://h/x",
          "ftp://h/x",
          "mlflow-artifacts:/9/x",
          "dbfs:/x",
          "gs://b/%2e%2e/x",
          "nonsense",
        ]),
      },
    ],
  ]);
}

function* createVersion(world) {
  const { random } = world;
  const name = modelName(world);
  // One thing wrong at a time: which of two is named is no promise.
  const body = { name, ...(world.registered.includes(name) ? source(world) : { source: "s3://bucket/model" }) };
  if (random.chance(0.3)) body.tags = entries(random, 3, { repeats: random.chance(0.2) });
  if (random.chance(0.3)) body.description = text(random);
  if (random.chance(0.2)) body.run_link = text(random);
  if (random.chance(0.05)) body.description = longText(random);
  const made = yield post(VERSIONS, "model-versions/create", body);
  if (!made.ok) return;
  const { version } = made.theirs.body.model_version;
  if (world.registered.includes(name)) world.versions.push({ name, version });
  yield get(VERSIONS, "model-versions/get", { name, version });
  yield get(VERSIONS, "model-versions/get-download-uri", { name, version });
  if (body.model_id) yield get("logged-models", `logged-models/${body.model_id}`);
}

function* changeVersion(world) {
  const { random } = world;
  const { name, version } = someVersion(world);
  yield random.weighted([
    [
      2,
      () =>
        send(VERSIONS, "PATCH", "model-versions/update", {
          name,
          version,
          description: random.pick([text(random), undefined]),
        }),
    ],
    [
      2,
      () =>
        post(VERSIONS, "model-versions/set-tag", {
          name,
          version,
          key: random.chance(0.9) ? key(random) : random.pick(BAD_KEYS),
          value: random.pick([text(random), undefined]),
        }),
    ],
    [1, () => send(VERSIONS, "DELETE", "model-versions/delete-tag", { name, version, key: key(random) })],
    [
      3,
      () =>
        post(VERSIONS, "model-versions/transition-stage", {
          name,
          version,
          stage: random.pick(STAGES),
          archive_existing_versions: random.pick([true, false, undefined]),
        }),
    ],
  ])();
  yield get(VERSIONS, "model-versions/get", { name, version });
  if (random.chance(0.4)) yield get(MODELS, "registered-models/get", { name });
}

function* removeVersion(world) {
  const { name, version } = someVersion(world);
  const gone = yield send(VERSIONS, "DELETE", "model-versions/delete", { name, version });
  if (!gone.ok) return;
  world.versions = world.versions.filter((each) => each.name !== name || each.version !== version);
  yield get(VERSIONS, "model-versions/get", { name, version });
  yield get(MODELS, "registered-models/get", { name });
}

function* readVersion(world) {
  const { name, version } = someVersion(world);
  yield get(VERSIONS, `model-versions/${world.random.pick(["get", "get-download-uri"])}`, { name, version });
}

function* searchModels(world) {
  const filter = registeredModelFilter(world);
  const order_by = registeredModelOrder(world.random);
  const max_results = world.random.pick([1, 2, 100, undefined]);
  const asks = { filter: filter.text, order_by, max_results };
  yield* world.walk((page_token) => get(MODELS, "registered-models/search", { ...asks, page_token }, filter));
}

function* searchVersions(world) {
  const filter = modelVersionFilter(world);
  const order_by = modelVersionOrder(world.random);
  const max_results = world.random.weighted([
    [6, world.random.int(1, 3)],
    [3, undefined],
    [1, world.random.pick([0, -1, 200_001])],
  ]);
  const asks = { filter: filter.text, order_by, max_results };
  yield* world.walk((page_token) => get(VERSIONS, "model-versions/search", { ...asks, page_token }, filter));
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [4, createModel],
  [1, readModel],
  [3, changeModel],
  [1, renameModel],
  [0.7, removeModel],
  [2, latest],
  [4, alias],
  [6, createVersion],
  [5, changeVersion],
  [1.5, removeVersion],
  [2, readVersion],
  [4, searchModels],
  [5, searchVersions],
];

/** Spoilt requests leave a registered model behind at most, under a name that no search of a sequence looks for. */
export const spoilable = [
  (on) =>
    post(MODELS, "registered-models/create", {
      name: on.world.spoiltName(),
      tags: [{ key: "k", value: "v" }],
      description: "d",
    }),
  (on) => post(MODELS, "registered-models/rename", { name: on.world.spoiltName(), new_name: on.world.spoiltName() }),
  (on) => send(MODELS, "PATCH", "registered-models/update", { name: on.world.spoiltName(), description: "d" }),
  (on) => post(MODELS, "registered-models/set-tag", { name: on.world.spoiltName(), key: "k", value: "v" }),
  (on) => post(MODELS, "registered-models/alias", { name: on.world.spoiltName(), alias: "a", version: "1" }),
  (on) =>
    post(VERSIONS, "model-versions/create", {
      name: on.world.spoiltName(),
      source: "s3://b/x",
      tags: [{ key: "k", value: "v" }],
    }),
  (on) =>
    post(VERSIONS, "model-versions/transition-stage", {
      name: on.world.spoiltName(),
      version: "1",
      stage: "Staging",
      archive_existing_versions: true,
    }),
];
