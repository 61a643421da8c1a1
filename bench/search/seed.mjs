import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KEYS } from "../lib/bodies.mjs";

const FIRST_START = 1_750_000_000_000;
/** A prime, so that what is multiplied and divided by it is spread evenly and repeats only after so many runs. */
const SPREAD = 1_000_003;

const list = (texts) => `json_array(${texts.map((text) => `'${text}'`).join(", ")})`;
/** One of some texts for each run, as SQL; `every` runs in turn have the same. */
const choice = (texts, every = 1) => `${list(texts)} ->> ((n / ${every}) % ${texts.length})`;

const PARAMS = {
  optimizer: choice(["adam", "sgd", "adamw", "lion"]),
  learning_rate: choice(["0.1", "0.03", "0.01", "0.003", "0.001", "0.0003", "0.0001"]),
  batch_size: choice(["32", "64", "128", "256"], 7),
  model: choice(["resnet", "vit", "unet", "bert"], 5),
  seed: "cast(n % 1000 AS TEXT)",
};

const TAGS = {
  "mlflow.runName": "name",
  "mlflow.user": choice(["amara", "bela", "chen", "dana"], 3),
  team: choice(["vision", "speech", "ranking", "robots", "search"]),
  branch: `'feature/' || (${choice(["resnet", "vit", "unet", "bert"], 5)}) || '-' || (n % 97)`,
};
/** The fifth tag of a run: one in ten still lacks its review. */
const LAST_TAG = "iif(n % 10, 'reviewed', 'pending')";

/** Ids as servers give them: Tidemark's lead with the time, the others' are random. */
function idOf(server, n, start) {
  const random = createHash("sha256").update(`run ${n}`).digest("hex").slice(0, 32);
  return server === "tidemark" ? `${start.toString(16).padStart(12, "0")}7${random.slice(13)}` : random;
}

/** The runs as temporary tables and views that each server's rows are selected from, so that all hold the same. */
function describeRuns(db, server, count) {
  db.exec("CREATE TEMP TABLE seed_runs (id TEXT PRIMARY KEY, n INTEGER, name TEXT, start INTEGER) WITHOUT ROWID");
  const insert = db.prepare("INSERT INTO seed_runs VALUES (?, ?, ?, ?)");
  for (let n = 0; n < count; n++) {
    const start = FIRST_START + n * 1000;
    insert.run(idOf(server, n, start), n, `run-${String(n).padStart(6, "0")}`, start);
  }
  const entries = (values) =>
    Object.entries(values).map(([key, value]) => `SELECT id, '${key}' AS key, ${value} AS value`);
  const metric = (
    key,
    i,
  ) => `SELECT id, '${key}' AS key, ((n + 1) * ${7919 + 104_729 * i} % ${SPREAD}) / ${SPREAD}.0 AS value,
    start + 60000 AS timestamp, 1000 AS step`;
  const view = (name, selects) =>
    db.exec(`CREATE TEMP VIEW ${name} AS ${selects.map((select) => `${select} FROM seed_runs`).join(" UNION ALL ")}`);
  view("seed_metrics", KEYS.map(metric));
  view("seed_params", entries(PARAMS));
  view("seed_tags", [...entries(TAGS), `SELECT id, ${LAST_TAG}, 'yes'`]);
}

const ARTIFACTS =
  "(SELECT artifact_location FROM experiments WHERE experiment_id = :experiment) || '/' || id || '/artifacts'";

/** What each server itself would have written for ended runs; the history of metrics, which no search looks at, is left out. */
const ROWS = {
  tidemark: [
    `INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, artifact_uri)
      SELECT id, :experiment, name, '', 'FINISHED', start, start + 60000, ${ARTIFACTS} FROM seed_runs`,
    `INSERT INTO latest_metrics (run_id, key, value, timestamp, step, experiment_id)
      SELECT id, key, value, timestamp, step, :experiment FROM seed_metrics ORDER BY id, key`,
    `INSERT INTO params (run_id, key, value, experiment_id)
      SELECT id, key, value, :experiment FROM seed_params ORDER BY id, key`,
    `INSERT INTO tags (run_id, key, value, experiment_id)
      SELECT id, key, value, :experiment FROM seed_tags ORDER BY id, key`,
  ],
  mlflow: [
    `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
        source_version, lifecycle_stage, artifact_uri, experiment_id)
      SELECT id, name, 'UNKNOWN', '', '', '', 'FINISHED', start, start + 60000, '', 'active', ${ARTIFACTS}, :experiment
      FROM seed_runs ORDER BY n`,
    `INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
      SELECT key, value, timestamp, step, 0, id FROM seed_metrics ORDER BY id, key`,
    "INSERT INTO params (key, value, run_uuid) SELECT key, value, id FROM seed_params ORDER BY id, key",
    "INSERT INTO tags (key, value, run_uuid) SELECT key, value, id FROM seed_tags ORDER BY id, key",
  ],
  fasttrackml: [
    `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
        source_version, lifecycle_stage, artifact_uri, experiment_id, row_num)
      SELECT id, name, 'UNKNOWN', '', '', '', 'FINISHED', start, start + 60000, '', 'active', ${ARTIFACTS}, :experiment, n
      FROM seed_runs ORDER BY n`,
    `INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid, last_iter, context_id)
      SELECT key, value, timestamp, step, 0, id, 1, 1 FROM seed_metrics ORDER BY id, key`,
    "INSERT INTO params (key, value_str, run_uuid) SELECT key, value, id FROM seed_params ORDER BY id, key",
    "INSERT INTO tags (key, value, run_uuid) SELECT key, value, id FROM seed_tags ORDER BY id, key",
  ],
};

/** D1's file in a data folder of Tidemark's. */
function d1File(data) {
  const files = globSync(join(data, "d1/*/*.sqlite")).filter((file) => !file.endsWith("metadata.sqlite"));
  if (files.length !== 1) throw new Error(`${data} holds ${files.length} databases, not one`);
  return files[0];
}

/** Gives an experiment of a stopped server `count` runs with ten metrics, five params and five tags each. */
export function seedRuns(peer, experimentId, count) {
  const db = new DatabaseSync(peer.database ?? d1File(peer.data), { timeout: 10_000 });
  try {
    db.exec("PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE");
    describeRuns(db, peer.name, count);
    for (const sql of ROWS[peer.name]) {
      const experiment = sql.includes(":experiment") ? { experiment: experimentId } : {};
      db.prepare(sql).run(experiment);
    }
    db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
}
