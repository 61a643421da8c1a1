/** Experiments: made, renamed, tagged, deleted, restored, read and searched. */
import { experimentFilter, experimentOrder } from "../filters.mjs";
import { BAD_KEYS, entries, key, longText, NO_EXPERIMENT, text, VIEWS } from "../values.mjs";
import { get, post } from "../world.mjs";

const FAMILY = "experiments";
const LOCATIONS = [
  "s3://bucket/folder",
  "gs://b/x",
  "file:///tmp/x",
  "mlflow-artifacts:/custom",
  "s3://b/x#frag",
  "s3://b/x;p=1",
  "s3://b/x?a=..",
  "s3://b/x?a=b",
  "runs:/1/x",
  "http://host/x",
  "https://host/x",
  "ftp://host/x",
  "dbfs:/x",
  "",
  "s3://b/%2e%2e/x",
  "/absolute/path",
];

function* create(world) {
  const { random } = world;
  const more = random.weighted([
    [3, {}],
    [2, { tags: entries(random, 3) }],
    [1, { tags: entries(random, 4, { repeats: true }) }],
    [2, { artifact_location: random.pick(LOCATIONS) }],
    // Taken or not must not hang on what other sequences do at the same time.
    [0.5, { name: random.pick(["", null, "n".repeat(501)]) }],
    [0.5, { name: world.name(random.pick([" ", "a/b", "ü", "it's"])) }],
    [0.5, { name: world.name("long").padEnd(500, "n") }],
    [1, { tags: [{ key: random.pick(BAD_KEYS), value: text(random) }] }],
  ]);
  const into = world.experiments.length < 4 ? world.experiments : [];
  const made = yield* world.newExperiment(into, more);
  if (made.ok) yield get(FAMILY, "experiments/get", { experiment_id: made.theirs.body.experiment_id });
}

function* createTaken(world) {
  const got = yield get(FAMILY, "experiments/get", { experiment_id: world.random.pick(world.experiments) });
  if (got.ok)
    yield post(FAMILY, "experiments/create", { name: got.theirs.body.experiment.name }, { intent: "name taken" });
}

function* read(world) {
  const { random } = world;
  yield random.weighted([
    [4, get(FAMILY, "experiments/get", { experiment_id: world.experiment() })],
    [
      1,
      get(FAMILY, "experiments/get", {
        experiment_id: random.pick(["0", "00", " 0", "+0", "0x1", "1.0", "1e0"]),
      }),
    ],
    [1, get(FAMILY, "experiments/get", { experimentId: world.experiment() })],
    [
      1,
      get(FAMILY, "experiments/get-by-name", {
        experiment_name: random.pick(["Default", "nope", "", `${world.prefix}-none`]),
      }),
    ],
  ]);
}

function* lifecycle(world) {
  const { random } = world;
  const experiment_id = world.experiment();
  for (const action of random.pick([
    ["delete", "restore"],
    ["delete", "delete", "restore"],
    ["restore"],
    ["delete", "use", "restore", "restore"],
  ])) {
    if (action === "use") yield* useDeleted(world, experiment_id);
    else yield post(FAMILY, `experiments/${action}`, { experiment_id });
    yield get(FAMILY, "experiments/get", { experiment_id });
  }
  yield get("runs", "runs/get", { run_id: world.run() });
}

/** What a deleted experiment refuses, and what it does not. */
function* useDeleted(world, experiment_id) {
  const { random } = world;
  yield post("runs", "runs/create", { experiment_id, start_time: world.startTime() });
  yield post(FAMILY, "experiments/set-experiment-tag", { experiment_id, key: key(random), value: text(random) });
  yield post(
    FAMILY,
    "experiments/update",
    { experiment_id, new_name: world.name("renamed") },
    { intent: "rename deleted" },
  );
  yield post(
    "logged-models",
    "logged-models",
    { experiment_id, name: "net" },
    { intent: "model in a deleted experiment" },
  );
  const run_id = world.run();
  yield get("runs", "runs/get", { run_id });
  yield post("runs", "runs/set-tag", { run_id, key: key(random), value: text(random) });
  yield post("runs", "runs/search", { experiment_ids: [experiment_id], run_view_type: random.pick(VIEWS) });
}

function* rename(world) {
  const { random } = world;
  const experiment_id = world.experiment();
  const new_name = random.weighted([
    [5, world.name("renamed")],
    [1, ""],
    [1, "n".repeat(501)],
  ]);
  yield post(FAMILY, "experiments/update", { experiment_id, new_name });
  if (random.chance(0.2))
    yield post(FAMILY, "experiments/update", { experiment_id, new_name: "Default" }, { intent: "name taken" });
  yield get(FAMILY, "experiments/get", { experiment_id });
}

function* tag(world) {
  const { random } = world;
  const experiment_id = world.experiment();
  const name = random.chance(0.15) ? random.pick(BAD_KEYS) : key(random);
  const value = random.chance(0.1) ? longText(random).repeat(random.pick([1, 4])) : text(random);
  yield random.chance(0.7)
    ? post(FAMILY, "experiments/set-experiment-tag", {
        experiment_id,
        key: name,
        ...(random.chance(0.95) && { value }),
      })
    : post(FAMILY, "experiments/delete-experiment-tag", { experiment_id, key: name });
  if (random.chance(0.5)) yield get(FAMILY, "experiments/get", { experiment_id });
}

function* search(world) {
  const { random } = world;
  const filter = experimentFilter(world);
  const order_by = experimentOrder(random);
  const view_type = random.pick([undefined, ...VIEWS]);
  const max_results = random.weighted([
    [6, random.int(1, 3)],
    [3, 1000],
    [1, random.pick([0, -1, 50_000, 50_001, undefined])],
  ]);
  const asks = random.chance(0.2)
    ? (page_token) =>
        get(FAMILY, "experiments/search", { filter: filter.text, order_by, view_type, max_results, page_token }, filter)
    : (page_token) =>
        post(
          FAMILY,
          "experiments/search",
          { filter: filter.text, order_by, view_type, max_results, page_token },
          filter,
        );
  yield* world.walk(asks);
}

function* missing(world) {
  const path = world.random.pick(["delete", "restore", "update", "set-experiment-tag", "delete-experiment-tag"]);
  const body = { experiment_id: NO_EXPERIMENT, new_name: "x", key: "k", value: "v" };
  for (const field of world.random.some(Object.keys(body), world.random.int(0, 2))) delete body[field];
  yield post(FAMILY, `experiments/${path}`, body);
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [3, create],
  [1, createTaken],
  [3, read],
  [3, lifecycle],
  [2, rename],
  [4, tag],
  [6, search],
  [2, missing],
];

/**
 * Requests that are spoilt on purpose; `on` names what they may harm. Searches are not among them: without its filter
 * one would see what other sequences make at the same time.
 */
export const spoilable = [
  (on, { random }) =>
    post(FAMILY, "experiments/create", {
      name: on.world.spoiltName(),
      artifact_location: "s3://b/x",
      tags: entries(random, 2),
    }),
  (on) => post(FAMILY, "experiments/update", { experiment_id: on.experiment, new_name: on.world.spoiltName() }),
  (on) => post(FAMILY, "experiments/delete", { experiment_id: on.experiment }),
  (on) => post(FAMILY, "experiments/restore", { experiment_id: on.experiment }),
  (on) => post(FAMILY, "experiments/set-experiment-tag", { experiment_id: on.experiment, key: "k", value: "v" }),
  (on) => post(FAMILY, "experiments/delete-experiment-tag", { experiment_id: on.experiment, key: "k" }),
];
