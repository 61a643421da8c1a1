import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { postRequest } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { series } from "./series.mjs";

const BATCH = 1000;
const WRITERS = 4;
/** Longer than Tidemark's log stays idle before it publishes, so that what follows finds a run at rest. */
const IDLE_MS = 8000;

/** Rows of MLflow's and FastTrackML's `metrics` and `latest_metrics`, which differ in FastTrackML's contexts and counts. */
const STATEMENTS = {
  mlflow: {
    metrics: "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
    latest: "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
  },
  fasttrackml: {
    metrics:
      "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan, iter, context_id) VALUES (?, ?, ?, ?, ?, 0, ?, 1)",
    latest:
      "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid, last_iter, context_id) VALUES (?, ?, ?, ?, 0, ?, ?, 1)",
  },
};

/** Writes the rows the server itself would have written, in the same order: over HTTP a million would take it hours. */
function seedDatabase(peer, runId, keys, points) {
  const counted = peer.name === "fasttrackml";
  const statements = STATEMENTS[counted ? "fasttrackml" : "mlflow"];
  const db = new DatabaseSync(peer.database, { timeout: 60_000 });
  try {
    const insert = db.prepare(statements.metrics);
    const latest = new Map();
    db.exec("BEGIN IMMEDIATE");
    for (const one of series(keys, points)) {
      insert.run(one.key, one.value, one.timestamp, runId, one.step, ...(counted ? [one.step + 1] : []));
      latest.set(one.key, one);
    }
    const insertLatest = db.prepare(statements.latest);
    for (const one of latest.values()) {
      insertLatest.run(one.key, one.value, one.timestamp, one.step, runId, ...(counted ? [one.step + 1] : []));
    }
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}

function* batches(keys, points) {
  let batch = [];
  for (const one of series(keys, points)) {
    batch.push(one);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function seedOverHttp(peer, runId, keys, points) {
  const source = batches(keys, points);
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      const connection = new Connection(peer.port);
      for (const metrics of source) {
        const json = JSON.stringify({ run_id: runId, metrics });
        const answer = await connection.request(postRequest("/api/2.0/mlflow/runs/log-batch", peer.port, json));
        if (answer.status !== 200)
          throw new Error(`seeding: ${answer.status} ${answer.body?.toString("utf8", 0, 300)}`);
      }
      connection.close();
    }),
  );
}

/** Gives a run `points` observations of the first `keys` keys (see series). */
export async function seed(peer, runId, keys, points) {
  if (peer.database === null) await seedOverHttp(peer, runId, keys, points);
  else seedDatabase(peer, runId, keys, points);
}

/** Waits until a server has done all it puts off: publishing, checkpoints. */
export async function rest(peer) {
  if (peer.database === null) await sleep(IDLE_MS);
  await peer.process.settle(60_000);
}
