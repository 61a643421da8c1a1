/** Metrics: logged one by one and in batches, repeated, late, odd and bad; read as latest values and as history. */
import { BAD_KEYS, entries, key, number } from "../values.mjs";
import { get, post } from "../world.mjs";

const FAMILY = "metrics";
const STEPS = [0, 1, 2, 3, 10, -1, 100_000];
const TIMES = [0, 1, 2, 1000, 1_700_000_000_000];

/** An observation whose value is a NaN never shares its place with another: which one is the latest is a difference. */
function observation(random) {
  const value = number(random);
  const step = value === "NaN" ? 7 : random.pick(STEPS);
  return { key: key(random), value, timestamp: random.pick(TIMES), step };
}

function* log(world) {
  const { random } = world;
  const run_id = world.run();
  const body = { run_id, ...observation(random) };
  // One thing wrong at a time: which of two is named is no promise.
  random.weighted([
    [14, () => undefined],
    [2, () => Object.assign(body, { key: random.pick(BAD_KEYS) })],
    [2, () => Object.assign(body, { timestamp: random.pick([-1, "17", ""]) })],
    [1, () => delete body[random.pick(["key", "value", "timestamp"])]],
    [2, () => Object.assign(body, { dataset_name: "d", dataset_digest: "1" })],
    [0.5, () => Object.assign(body, { dataset_name: "d" })],
  ])();
  if (random.chance(0.2)) delete body.step;
  if (random.chance(0.15) && world.models.length > 0) body.model_id = random.pick(world.models);
  yield post(FAMILY, "runs/log-metric", body);
  if (random.chance(0.3)) yield get("runs", "runs/get", { run_id });
}

function* batch(world) {
  const { random } = world;
  const run_id = world.run();
  const metrics = Array.from({ length: random.int(0, 6) }, () => observation(random));
  const body = { run_id, metrics };
  if (random.chance(0.6)) body.params = entries(random, 2, { repeats: random.chance(0.2) });
  if (random.chance(0.6)) body.tags = entries(random, 3, { repeats: random.chance(0.3) });
  const bad = { key: random.pick(BAD_KEYS), value: "v" };
  if (world.runs.includes(run_id)) {
    random.weighted([
      [14, () => undefined],
      [2, () => metrics.push({ ...observation(random), key: bad.key })],
      [2, () => Object.assign(body, { tags: [...(body.tags ?? []), bad] })],
      [2, () => Object.assign(body, { params: [...(body.params ?? []), bad] })],
      [1, () => metrics.length > 0 && delete random.pick(metrics)[random.pick(["key", "value", "timestamp"])]],
    ])();
  }
  yield post("log-batch", "runs/log-batch", body);
  yield get("runs", "runs/get", { run_id });
}

function* tooMany(world) {
  const { random } = world;
  const many = (count, make) => Array.from({ length: count }, (_, index) => make(index));
  const body = { run_id: world.run() };
  const [field, count] = random.pick([
    ["params", 101],
    ["tags", 101],
    ["metrics", 1001],
  ]);
  body[field] = many(count, (index) => ({
    key: `k${index}`,
    value: field === "metrics" ? index : "v",
    ...(field === "metrics" && { timestamp: 1, step: 0 }),
  }));
  if (random.chance(0.4)) body.tags = many(100, (index) => ({ key: `k${index}`, value: "v" }));
  yield post("log-batch", "runs/log-batch", body);
}

function* history(world) {
  const { random } = world;
  const query = { run_id: world.run(), metric_key: random.chance(0.95) ? key(random) : random.pick(["", "nope"]) };
  const max_results = random.pick([undefined, undefined, 1, 2, 3, 25_000, 0, -1]);
  yield* world.walk((page_token) => get(FAMILY, "metrics/get-history", { ...query, max_results, page_token }));
}

/** Of one run where runs come in the order of their ids, which are random. */
function* bulk(world) {
  const { random } = world;
  const runs = Array.from({ length: random.int(0, 3) }, () => world.run()).filter((run) => run !== "");
  const metric_key = key(random);
  const bounds = random.weighted([
    [4, {}],
    [2, { start_step: random.pick(STEPS), end_step: random.pick(STEPS) }],
    [1, { start_step: 1 }],
  ]);
  const max_results = random.pick([undefined, 1, 2, 3, 2500, 2501, 0, -1]);
  yield random.chance(0.7)
    ? get(FAMILY, "metrics/get-history-bulk-interval", { run_ids: runs, metric_key, ...bounds, max_results })
    : get(FAMILY, "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {
        run_id: runs.slice(0, 1),
        metric_key,
        max_results: random.pick([undefined, 1, 2, 100]),
      });
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [
  [8, log],
  [8, batch],
  [1, tooMany],
  [5, history],
  [4, bulk],
];

export const spoilable = [
  (on) =>
    post(FAMILY, "runs/log-metric", {
      run_id: on.run,
      key: "m",
      value: 1,
      timestamp: 1,
      step: 1,
      model_id: on.model,
      dataset_name: "d",
      dataset_digest: "1",
    }),
  (on) =>
    post("log-batch", "runs/log-batch", {
      run_id: on.run,
      metrics: [{ key: "m", value: 1, timestamp: 1, step: 1 }],
      params: [{ key: "p", value: "v" }],
      tags: [{ key: "t", value: "v" }],
    }),
];
