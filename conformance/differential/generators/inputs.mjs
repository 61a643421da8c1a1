/** Datasets and models as inputs of runs, models as their outputs, and the older way to say that a model was logged. */
import { text } from "../values.mjs";
import { get, post } from "../world.mjs";

const FAMILY = "inputs";

function dataset(random) {
  const name = random.pick(["iris", "mnist", "Iris", "a b", "", "n".repeat(random.pick([500, 501]))]);
  const made = {
    name,
    digest: random.pick(["d1", "d2", "d3", "x".repeat(36)]),
    source_type: random.pick(["local", "http"]),
    source: text(random),
  };
  if (random.chance(0.4)) made.schema = '{"a": 1}';
  if (random.chance(0.4)) made.profile = text(random);
  if (random.chance(0.05)) made.digest = "x".repeat(37);
  if (random.chance(0.05)) delete made[random.pick(["name", "digest", "source_type", "source"])];
  return made;
}

function* logInputs(world) {
  const { random } = world;
  const run_id = world.run();
  const datasets = Array.from({ length: random.int(0, 2) }, () => ({
    dataset: dataset(random),
    tags: random.chance(0.7)
      ? [
          {
            key: random.chance(0.9) ? "mlflow.data.context" : "k".repeat(256),
            value: random.pick(["train", "eval", "v".repeat(501)]),
          },
        ]
      : [],
  }));
  const body = { run_id, datasets };
  if (random.chance(0.2)) body.models = [{ model_id: world.model() }];
  yield post(FAMILY, "runs/log-inputs", body);
  yield get("runs", "runs/get", { run_id });
}

function* outputs(world) {
  const { random } = world;
  const run_id = world.run();
  const models = random
    .some(world.models, random.int(0, 2))
    .map((model_id) => ({ model_id, ...(random.chance(0.8) && { step: random.int(0, 5) }) }));
  yield post(FAMILY, "runs/outputs", random.chance(0.95) ? { run_id, models } : { run_id }, { intent: "model output" });
  if (random.chance(0.6)) yield get("runs", "runs/get", { run_id });
}

function* logModel(world) {
  const { random } = world;
  const run_id = world.run();
  const model = {
    artifact_path: "model",
    flavors: { f: {} },
    utc_time_created: "2024-01-01 00:00:00",
    run_id,
    model_uuid: "u",
  };
  if (random.chance(0.3)) delete model[random.pick(Object.keys(model))];
  const model_json = random.weighted([
    [5, JSON.stringify(model)],
    [1, "{bad"],
    [1, ""],
  ]);
  yield post(FAMILY, "runs/log-model", { run_id, model_json });
  yield get("runs", "runs/get", { run_id });
}

function* searchDatasets(world) {
  const { random } = world;
  const experiment_ids = random.weighted([
    [4, random.some(world.experiments, 2)],
    [1, []],
    [1, Array.from({ length: 21 }, () => "1")],
    [1, [world.experiment()]],
  ]);
  yield post(FAMILY, "/ajax-api/2.0/mlflow/experiments/search-datasets", { experiment_ids });
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [5, logInputs],
  [3, outputs],
  [1, logModel],
  [2, searchDatasets],
];

export const spoilable = [
  (on) =>
    post(FAMILY, "runs/log-inputs", {
      run_id: on.run,
      datasets: [
        { dataset: { name: "n", digest: "d", source_type: "s", source: "x" }, tags: [{ key: "k", value: "v" }] },
      ],
      models: [{ model_id: on.model }],
    }),
  (on) => post(FAMILY, "runs/outputs", { run_id: on.run, models: [{ model_id: on.model, step: 1 }] }),
  (on) => post(FAMILY, "runs/log-model", { run_id: on.run, model_json: "{}" }),
];
