/** Searches of runs: filters and orders of every kind, walked to their last page. */
import { runFilter, runOrder } from "../filters.mjs";
import { VIEWS } from "../values.mjs";
import { post } from "../world.mjs";

const FAMILY = "runs-search";

function* search(world) {
  const { random } = world;
  const filter = runFilter(world);
  const order_by = runOrder(world);
  const experiment_ids = random.weighted([
    [8, random.some(world.experiments, 3)],
    [1, undefined],
    [1, [world.experiment(), world.experiment()]],
  ]);
  const run_view_type = random.pick([undefined, undefined, ...VIEWS, "BOGUS"]);
  const max_results = random.weighted([
    [5, random.int(1, 5)],
    [4, undefined],
    [1, random.pick([0, -1, 50_000, 50_001])],
  ]);
  const body = { experiment_ids, filter: filter.text, order_by, run_view_type, max_results };
  yield* world.walk((page_token) => post(FAMILY, "runs/search", { ...body, page_token }, filter));
}

/** @type {[number, (world: import("../world.mjs").World) => Generator][]} */
export const steps = [[22, search]];

export const spoilable = [
  (on) =>
    post(FAMILY, "runs/search", {
      experiment_ids: [on.experiment],
      filter: "attributes.status = 'RUNNING'",
      order_by: ["start_time DESC"],
      run_view_type: "ALL",
      max_results: 5,
      page_token: "",
    }),
];
