import { DatabaseSync } from "node:sqlite";
import { withApi } from "../lib/api.mjs";
import { progress } from "../lib/session.mjs";

const WRITERS = 8;
/** One version in a hundred has the tag that a case looks for, and one in ten a run in common. */
const TAGGED = 100;
const RUNS = 1000;

/** The version of a number, 1 and up, as a request to create it. */
export function version(name, number) {
  const tag = { key: "quality", value: number % TAGGED === 0 ? "gold" : "plain" };
  return { name, source: `s3://models/${name}/${number}`, run_id: runOf(number), tags: [tag] };
}

const runOf = (number) => String(number % RUNS).padStart(32, "0");

/** Gives a server `models` registered models, the first of which has `versions` versions. Returns their names. */
export async function seed(peer, models, versions) {
  const names = Array.from({ length: models }, (_, i) => `model-${String(i).padStart(5, "0")}`);
  if (peer.database === null) await overHttp(peer.port, names, versions);
  else intoDatabase(peer.database, names, versions);
  await withApi(peer.port, (api) =>
    api.post("registered-models/alias", { name: names[0], alias: "champion", version: String(versions) }),
  );
  await peer.process.settle(60_000);
  return names;
}

async function overHttp(port, names, versions) {
  const started = performance.now();
  await together(names.length, (api, i) => api.post("registered-models/create", { name: names[i] }), port);
  await together(versions, (api, i) => api.post("model-versions/create", version(names[0], i + 1)), port);
  const seconds = (performance.now() - started) / 1000;
  progress(`  ${Math.round((names.length + versions) / seconds)} creations a second over HTTP`);
}

/** Numbers are handed out in the order of arrival, which with several writers is not the order sent. */
async function together(count, once, port) {
  let next = 0;
  const writer = () =>
    withApi(port, async (api) => {
      while (next < count) await once(api, next++);
    });
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** Writes the rows MLflow's server itself would have written: over HTTP they would take it many minutes. */
function intoDatabase(file, names, versions) {
  const db = new DatabaseSync(file, { timeout: 60_000 });
  const now = Date.now();
  try {
    db.exec("BEGIN IMMEDIATE");
    const insertModel = db.prepare(
      "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description) VALUES ('default', ?, ?, ?, '')",
    );
    for (const name of names) insertModel.run(name, now, now);
    const insertVersion = db.prepare(
      `INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, description, current_stage,
         source, run_id, status, run_link, storage_location)
       VALUES ('default', ?, ?, ?, ?, '', 'None', ?, ?, 'READY', '', ?)`,
    );
    const insertTag = db.prepare(
      "INSERT INTO model_version_tags (workspace, name, version, key, value) VALUES ('default', ?, ?, ?, ?)",
    );
    for (let number = 1; number <= versions; number++) {
      const { name, source, run_id, tags } = version(names[0], number);
      insertVersion.run(name, number, now + number, now + number, source, run_id, source);
      for (const { key, value } of tags) insertTag.run(name, number, key, value);
    }
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}
