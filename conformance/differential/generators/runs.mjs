/** Runs: made, updated, tagged, given parameters, deleted, restored, read. */
import { BAD_KEYS, entries, key, longText, RUN_STATUSES, text } from "../values.mjs";
import { get, post } from "../world.mjs";

const FAMILY = "runs";

function* create(world) {
  const { random } = world;
  const name = random.pick(["alpha", "beta", "gamma", "ünï", " ", "x".repeat(300)]);
  const more = random.weighted([
    [3, {}],
    [2, { tags: entries(random, 4) }],
    [2, { run_name: undefined, tags: [{ key: "mlflow.runName", value: name }] }],
    [1, { run_name: name, tags: [{ key: "mlflow.runName", value: name }] }],
    [1, { run_name: "alpha", tags: [{ key: "mlflow.runName", value: "other" }] }],
    [1, { user_id: text(random), run_name: name }],
    [1, { tags: [{ key: random.pick(BAD_KEYS), value: longText(random) }] }],
    [
      1,
      {
        tags: [
          { key: "mlflow.user", value: "me" },
          { key: "mlflow.source.name", value: "s" },
          { key: "mlflow.parentRunId", value: world.run() },
        ],
      },
    ],
    [1, { start_time: random.pick([-world.startTime(), String(world.startTime())]) }],
  ]);
  const into = world.runs.length < 14 ? world.runs : [];
  const experiment = world.experiment();
  yield* world.newRun(experiment, into, world.experiments.includes(experiment) ? more : {});
}

/** A name the server makes up is random: nothing may be ordered by it, so it goes at once. */
function* createUnnamed(world) {
  const run = world.sequence.token("run");
  const body = { experiment_id: world.random.pick(world.experiments), start_time: world.startTime() };
  const made = yield post(FAMILY, "runs/create", body, { makes: run });
  if (!made.ok) return;
  yield get(FAMILY, "runs/get", { run_id: run });
  yield post(FAMILY, "runs/update", { run_id: run, run_name: "named" });
  yield get(FAMILY, "runs/get", { run_id: run });
}

function* read(world) {
  const { random } = world;
  const run_id = world.run();
  yield random.weighted([
    [6, get(FAMILY, "runs/get", { run_id })],
    [1, get(FAMILY, "runs/get", { run_uuid: run_id })],
    [1, get(FAMILY, "runs/get", { run_id: run_id || "x", run_uuid: world.run() })],
    [1, get(FAMILY, "runs/get", { runId: run_id })],
    [1, { family: FAMILY, method: "GET", path: "runs/get", body: { run_id } }],
  ]);
}

function* update(world) {
  const { random } = world;
  const run_id = world.run();
  const body = { run_id };
  if (random.chance(0.6)) body.status = random.pick([...RUN_STATUSES, "BOGUS", 3, 4]);
  if (random.chance(0.5)) body.end_time = random.pick([0, 5, 2_000_000, -1, "77"]);
  if (random.chance(0.4)) body.run_name = random.pick(["beta", "delta", "", "Δ", "x".repeat(300)]);
  yield post(FAMILY, "runs/update", body);
  if (random.chance(0.5)) yield get(FAMILY, "runs/get", { run_id });
}

function* lifecycle(world) {
  const { random } = world;
  const run_id = world.run();
  for (const action of random.pick([
    ["delete", "restore"],
    ["delete", "delete", "restore"],
    ["restore"],
    ["delete", "write", "restore"],
  ])) {
    if (action === "write") yield* writeDeleted(world, run_id);
    else yield post(FAMILY, `runs/${action}`, { run_id });
    if (random.chance(0.5)) yield get(FAMILY, "runs/get", { run_id });
  }
}

function* writeDeleted(world, run_id) {
  const { random } = world;
  const writes = [
    post(FAMILY, "runs/set-tag", { run_id, key: key(random), value: "v" }),
    post(FAMILY, "runs/delete-tag", { run_id, key: key(random) }),
    post(FAMILY, "runs/log-parameter", { run_id, key: key(random), value: "v" }),
    post(FAMILY, "runs/log-metric", { run_id, key: key(random), value: 1, timestamp: 1 }),
    post(FAMILY, "runs/log-batch", { run_id, tags: [{ key: "k", value: "v" }] }),
    post(FAMILY, "runs/update", { run_id, status: "FINISHED" }),
    post("inputs", "runs/log-inputs", { run_id, datasets: [] }),
    post("inputs", "runs/outputs", { run_id, models: [{ model_id: world.model(), step: 1 }] }),
  ];
  yield* random.some(writes, 3);
}

function* param(world) {
  const { random } = world;
  const run_id = world.run();
  const name = random.chance(0.12) ? random.pick(BAD_KEYS) : key(random);
  const value = random.chance(0.08) ? longText(random) : text(random);
  yield post(FAMILY, "runs/log-parameter", { run_id, key: name, ...(random.chance(0.93) && { value }) });
  if (random.chance(0.4)) yield get(FAMILY, "runs/get", { run_id });
}

function* tag(world) {
  const { random } = world;
  const run_id = world.run();
  const name = random.weighted([
    [8, key(random)],
    [1, random.pick(BAD_KEYS)],
    [1, "mlflow.runName"],
    [1, "mlflow.note.content"],
  ]);
  const value = random.chance(0.08) ? longText(random) : text(random);
  yield random.chance(0.7)
    ? post(FAMILY, "runs/set-tag", { run_id, key: name, ...(random.chance(0.95) && { value }) })
    : post(FAMILY, "runs/delete-tag", { run_id, key: name });
  if (random.chance(0.4)) yield get(FAMILY, "runs/get", { run_id });
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [5, create],
  [1, createUnnamed],
  [4, read],
  [5, update],
  [4, lifecycle],
  [5, param],
  [5, tag],
];

export const spoilable = [
  (on, { random }) =>
    post(FAMILY, "runs/create", {
      experiment_id: on.experiment,
      start_time: 5,
      user_id: "u",
      run_name: "n",
      tags: entries(random, 2),
    }),
  (on) => post(FAMILY, "runs/update", { run_id: on.run, status: "FINISHED", end_time: 9, run_name: "n" }),
  (on) => post(FAMILY, "runs/delete", { run_id: on.run }),
  (on) => post(FAMILY, "runs/restore", { run_id: on.run }),
  (on) => post(FAMILY, "runs/log-parameter", { run_id: on.run, key: "p", value: "v" }),
  (on) => post(FAMILY, "runs/set-tag", { run_id: on.run, key: "t", value: "v" }),
  (on) => post(FAMILY, "runs/delete-tag", { run_id: on.run, key: "t" }),
];
