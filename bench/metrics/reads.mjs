import { createHash } from "node:crypto";
import { finishRuns, HISTORY_PAGE, historyPath } from "../lib/api.mjs";
import { getRequest, KEYS } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { generate } from "../lib/generator.mjs";
import { freshRuns, progress } from "../lib/session.mjs";
import { median } from "../lib/stats.mjs";
import { BULK_PATH, SAMPLES } from "./cases.mjs";
import { rest, seed } from "./seed.mjs";

const REPEATS = 5;
const SLOW_REPEATS = 2;

/** Creates and fills the runs of a read case, ends them and lets the server come to rest. Returns their ids. */
export async function prepareRead(peer, test) {
  const runIds = await freshRuns(peer, test.runs);
  for (const id of runIds) await seed(peer, id, 1, test.points);
  await finishRuns(peer.port, runIds);
  await rest(peer);
  return runIds;
}

/** Path of the request that a read case times. */
export function readPath(test, runIds) {
  if (test.kind === "history")
    return `/api/2.0/mlflow/${historyPath(runIds[0], KEYS[0], undefined, test.page ?? HISTORY_PAGE)}`;
  const query = new URLSearchParams(runIds.map((id) => ["run_ids", id]));
  query.set("metric_key", KEYS[0]);
  query.set("max_results", String(SAMPLES));
  return `${BULK_PATH}?${query}`;
}

/** Number and digest of the points in an answer, so that servers can be held against each other. */
export async function readPoints(peer, path, runIds) {
  const connection = new Connection(peer.port, { keepBody: true });
  const answer = await connection.request(getRequest(path, peer.port));
  connection.close();
  if (answer.status !== 200) return { points: 0, digest: `status ${answer.status}` };
  const { metrics = [] } = JSON.parse(answer.body.toString());
  const hash = createHash("sha256");
  for (const one of metrics) {
    const run = one.run_id === undefined ? 0 : runIds.indexOf(one.run_id);
    hash.update(`${run} ${one.key} ${one.value} ${one.timestamp} ${one.step ?? 0}\n`);
  }
  return { points: metrics.length, digest: hash.digest("hex").slice(0, 16) };
}

/** One turn of a read case: { milliseconds (median of its repeats), bytes, refused }. */
export async function readTurn(peer, path, label = peer.label) {
  const result = await generate({
    kind: "read",
    port: peer.port,
    path,
    repeats: peer.slow ? SLOW_REPEATS : REPEATS,
  });
  await peer.process.settle();
  const milliseconds = median(result.milliseconds);
  progress(`  ${label}: ${milliseconds.toFixed(1)} ms, ${result.bytes} bytes ${result.refused.samples[0] ?? ""}`);
  return { milliseconds, bytes: result.bytes, refused: result.refused };
}
