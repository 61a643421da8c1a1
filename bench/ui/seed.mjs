import { withApi } from "../lib/api.mjs";
import { postRequest, seededRandom } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { progress } from "../lib/session.mjs";
import { seed } from "../metrics/seed.mjs";

const WRITERS = 8;
const BATCH = 1000;
const FIRST_TIMESTAMP = 1_780_000_000_000;

/** Charts of the run page, steps of each; runs, metrics and points of the page with the most of them. */
export const SIZES = { runs: 1000, charts: 5, steps: 10_000, manyRuns: 100_000 };
export const MOST = { runs: 10, metrics: 20, points: 100_000 };

/** Creates an experiment with one run on a server: { experiment, run }. */
async function begin(peer, name, runName) {
  return withApi(peer.port, async (api) => {
    const { experiment_id: experiment } = await api.post("experiments/create", { name });
    const run = await beginRun(api, experiment, runName);
    return { experiment, run };
  });
}

async function beginRun(api, experiment, name) {
  const created = await api.post("runs/create", {
    experiment_id: experiment,
    run_name: name,
    start_time: FIRST_TIMESTAMP,
  });
  return created.run.info.run_id;
}

async function finish(peer, runs) {
  await withApi(peer.port, async (api) => {
    for (const run of runs) await api.post("runs/update", { run_id: run, status: "FINISHED", end_time: Date.now() });
  });
}

/** A finished run with the first five metrics of a training run: { experiment, run }. */
export async function seedCharts(peer, { charts, steps }) {
  const made = await begin(peer, "charts", "five-charts");
  await seed(peer, made.run, charts, charts * steps);
  await finish(peer, [made.run]);
  return made;
}

/** A run that goes on: { experiment, run }. */
export function seedLive(peer) {
  return begin(peer, "live", "live");
}

/** Finished runs of long series of their own, through log-batch: { experiment, runs }. */
export async function seedMost(peer, { runs, metrics, points }) {
  const { experiment, run } = await begin(peer, "most", "most-0");
  const ids = [run];
  await withApi(peer.port, async (api) => {
    for (let i = 1; i < runs; i++) ids.push(await beginRun(api, experiment, `most-${i}`));
  });
  const requests = batches(peer.port, ids, metrics, points);
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      const connection = new Connection(peer.port);
      for (const bytes of requests) {
        const { status } = await connection.request(bytes);
        if (status !== 200) throw new Error(`seeding: ${status}`);
      }
      connection.close();
    }),
  );
  await finish(peer, ids);
  return { experiment, runs: ids };
}

function* batches(port, runs, metrics, points) {
  const steps = BATCH / metrics;
  const keys = Array.from({ length: metrics }, (_, i) => `${i % 2 ? "val" : "train"}/metric_${i}`);
  for (const [number, run] of runs.entries()) {
    const random = seededRandom(number + 1);
    progress(`  run ${number + 1} of ${runs.length}: ${(metrics * points).toLocaleString("en-US")} points`);
    for (let first = 0; first < points; first += steps) {
      const list = [];
      for (let step = first; step < Math.min(points, first + steps); step++) {
        const settled = Math.exp((-step * (number + 4)) / points);
        for (const key of keys) {
          const value = settled + 0.05 * random();
          list.push({ key, value, timestamp: FIRST_TIMESTAMP + step * 650, step });
        }
      }
      yield postRequest("/api/2.0/mlflow/runs/log-batch", port, JSON.stringify({ run_id: run, metrics: list }));
    }
  }
}
