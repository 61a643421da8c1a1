/** Logged models: made, finalized, tagged, given parameters, deleted, read and searched. */
import { modelFilter, modelOrder } from "../filters.mjs";
import { BAD_KEYS, entries, KEYS, longText, text } from "../values.mjs";
import { get, post } from "../world.mjs";

/** Keys that may stand in an address: one with a slash is a documented difference, and would part what is stored. */
const IN_ADDRESS = KEYS.filter((name) => !name.includes("/"));
const FAMILY = "logged-models";
const patch = (path, body) => ({ family: FAMILY, method: "PATCH", path, body });
const remove = (path) => ({ family: FAMILY, method: "DELETE", path });

function* create(world) {
  const { random } = world;
  const more = random.weighted([
    [3, {}],
    [2, { params: entries(random, 3), tags: entries(random, 3) }],
    [2, { model_type: random.pick(["agent", "", "x".repeat(501)]), source_run_id: world.run() }],
    [1, { name: random.pick(["", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "x".repeat(501), "ü"]) }],
    [1, { tags: entries(random, 4, { repeats: true }) }],
    [1, { params: [{ key: random.pick(BAD_KEYS), value: longText(random) }] }],
    [1, { tags: [{ key: random.pick(BAD_KEYS), value: longText(random) }] }],
  ]);
  const into = world.models.length < 10 ? world.models : [];
  const made = yield* world.newModel(world.experiment(), into, more);
  if (made.ok && into.length > 0) yield get(FAMILY, `logged-models/${into.at(-1)}`);
}

/** A name the server makes up is random: such a model is read and forgotten. */
function* createUnnamed(world) {
  const model = world.sequence.token("model");
  const made = yield post(
    FAMILY,
    "logged-models",
    { experiment_id: world.random.pick(world.experiments) },
    { makes: model },
  );
  if (!made.ok) return;
  yield get(FAMILY, `logged-models/${model}`);
  yield remove(`logged-models/${model}`);
}

function* read(world) {
  const query = world.random.pick([undefined, undefined, { allow_deleted: "true" }, { allow_deleted: "false" }]);
  yield get(FAMILY, `logged-models/${world.model()}`, query);
}

function* finalize(world) {
  const { random } = world;
  const model = world.model();
  const body = random.weighted([
    [6, { status: random.pick(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING"]) }],
    [1, { status: random.pick([2, 3]) }],
    [1, {}],
  ]);
  if (random.chance(0.85)) body.model_id = model;
  yield patch(`logged-models/${model}`, body);
  if (random.chance(0.6)) yield get(FAMILY, `logged-models/${model}`);
}

function* tag(world) {
  const { random } = world;
  const model = world.model();
  const named = entries(random, 3, { repeats: random.chance(0.2) });
  if (random.chance(0.1)) named.push({ key: random.pick(BAD_KEYS), value: text(random) });
  if (random.chance(0.05)) named.push({ key: "k", value: longText(random) });
  yield random.chance(0.75)
    ? patch(`logged-models/${model}/tags`, { tags: named })
    : remove(`logged-models/${model}/tags/${encodeURIComponent(random.pick(IN_ADDRESS))}`);
  if (random.chance(0.6)) yield get(FAMILY, `logged-models/${model}`);
}

function* params(world) {
  const { random } = world;
  const model = world.model();
  const model_id = random.chance(0.85) ? model : undefined;
  yield post(FAMILY, `logged-models/${model}/params`, { model_id, params: entries(random, 2) });
  yield get(FAMILY, `logged-models/${model}`);
}

function* lifecycle(world) {
  const { random } = world;
  if (world.models.length < 4) return;
  const model = world.model();
  world.models = world.models.filter((each) => each !== model);
  yield remove(`logged-models/${model}`);
  yield get(FAMILY, `logged-models/${model}`, random.pick([undefined, { allow_deleted: "true" }]));
  yield random.pick([
    remove(`logged-models/${model}`),
    patch(`logged-models/${model}`, { model_id: model, status: "LOGGED_MODEL_READY" }),
    patch(`logged-models/${model}/tags`, { tags: [{ key: "k", value: "v" }] }),
  ]);
}

function* search(world) {
  const { random } = world;
  const filter = modelFilter(world);
  const order_by = modelOrder(world);
  const experiment_ids = random.weighted([
    [8, random.some(world.experiments, 2)],
    [1, []],
    [1, [world.experiment()]],
  ]);
  const max_results = random.weighted([
    [5, random.int(1, 3)],
    [3, undefined],
    [1, random.pick([0, 50, 51, 100, 1000])],
  ]);
  yield* world.walk((page_token) =>
    post(
      FAMILY,
      "logged-models/search",
      { experiment_ids, filter: filter.text, order_by, max_results, page_token },
      filter,
    ),
  );
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [5, create],
  [1, createUnnamed],
  [3, read],
  [3, finalize],
  [4, tag],
  [2, params],
  [1, lifecycle],
  [6, search],
];

export const spoilable = [
  (on) =>
    post(FAMILY, "logged-models", {
      experiment_id: on.experiment,
      name: "n",
      model_type: "t",
      source_run_id: on.run,
      params: [{ key: "p", value: "v" }],
      tags: [{ key: "t", value: "v" }],
    }),
  (on) => patch(`logged-models/${on.model}`, { model_id: on.model, status: "LOGGED_MODEL_READY" }),
  (on) => patch(`logged-models/${on.model}/tags`, { tags: [{ key: "t", value: "v" }] }),
  (on) => post(FAMILY, `logged-models/${on.model}/params`, { model_id: on.model, params: [{ key: "p", value: "v" }] }),
  (on) =>
    post(FAMILY, "logged-models/search", {
      experiment_ids: [on.experiment],
      filter: "name = 'n'",
      order_by: [{ field_name: "name", ascending: true }],
      max_results: 5,
    }),
];
