/**
 * Removing for good, second part: what removed runs, models and experiments left in D1, a bounded number of rows at a
 * time. Every step may be repeated, and may be the last for a while.
 */
import type { removals } from "../db/schema";
import type { RemovalKind } from "../db/schema/removals";

export type Removal = typeof removals.$inferSelect;

/** Removals looked at together: the cleaning of each takes a few calls at least. */
const REMOVALS_A_STEP = 25;
/** Rows of one table that one transaction deletes. A chunk of history has up to some hundred kilobytes. */
const ROWS_A_STEP = 2_000;
const CHUNKS_A_STEP = 200;

interface Table {
  name: string;
  /** Its column that holds the id of what is removed. */
  owner: string;
  /** The columns of its primary key. */
  key: string;
  limit: number;
}

const table = (name: string, owner: string, key: string, limit = ROWS_A_STEP): Table => ({ name, owner, key, limit });

const MODEL_METRIC = "model_id, key, timestamp, step, run_id, dataset_name, dataset_digest, value, is_nan";

/** Where the data of each kind lies, beside its own row and, of runs, their models. */
const TABLES: Readonly<Record<RemovalKind, readonly Table[]>> = {
  run: [
    table("metric_chunks", "run_id", "run_id, key, position, part", CHUNKS_A_STEP),
    table("latest_metrics", "run_id", "run_id, key"),
    table("params", "run_id", "run_id, key"),
    table("tags", "run_id", "run_id, key"),
    table("dataset_inputs", "run_id", "run_id, name, digest"),
    table("alerts", "run_id", "alert_id"),
  ],
  model: [
    table("logged_model_params", "model_id", "model_id, key"),
    table("logged_model_tags", "model_id", "model_id, key"),
    table("logged_model_metrics", "model_id", MODEL_METRIC),
  ],
  experiment: [
    table("experiment_tags", "experiment_id", "experiment_id, key"),
    table("datasets", "experiment_id", "experiment_id, name, digest", CHUNKS_A_STEP),
    table("dataset_uses", "experiment_id", "experiment_id, name, digest, context"),
    table("page_views", "experiment_id", "experiment_id, view_id"),
    table("monitors", "experiment_id", "monitor_id"),
  ],
};

/** The tables that are cleaned of runs, models and experiments. */
export const CLEANED: readonly string[] = [
  ...Object.values(TABLES).flatMap((tables) => tables.map(({ name }) => name)),
  "run_models",
];

/** Some removals that are under way, all of one kind: experiments last, as their runs and models become removals. */
export async function pendingRemovals(d1: D1Database): Promise<Removal[]> {
  const select = d1.prepare(`
    SELECT kind, id, artifact_uri AS artifactUri, hot FROM removals
    WHERE kind = (SELECT max(kind) FROM removals) LIMIT ${REMOVALS_A_STEP}`);
  return (await select.all<Removal>()).results;
}

/** What runs logged to models, by their links; a link goes after what it leads to. */
const OF_MODELS = `DELETE FROM logged_model_metrics WHERE (${MODEL_METRIC}) IN (
  SELECT x.${MODEL_METRIC.replaceAll(", ", ", x.")}
  FROM run_models r CROSS JOIN logged_model_metrics x ON x.model_id = r.model_id AND x.run_id = r.run_id
  WHERE r.run_id IN (SELECT value FROM json_each(?1)) AND r.kind = 'metric' LIMIT ${ROWS_A_STEP})`;

const LINKS = `DELETE FROM run_models WHERE (run_id, kind, model_id) IN (
  SELECT r.run_id, r.kind, r.model_id FROM run_models r
  WHERE r.run_id IN (SELECT value FROM json_each(?1)) AND (r.kind <> 'metric' OR NOT EXISTS (
    SELECT 1 FROM logged_model_metrics x WHERE x.model_id = r.model_id AND x.run_id = r.run_id))
  LIMIT ${ROWS_A_STEP})`;

const deleteSome = ({ name, owner, key, limit }: Table): Step => ({
  sql: `DELETE FROM ${name} WHERE (${key}) IN (
    SELECT ${key} FROM ${name} WHERE ${owner} IN (SELECT value FROM json_each(?1)) LIMIT ${limit})`,
  limit,
});

interface Step {
  sql: string;
  /** Rows it deletes at most. */
  limit: number;
}

const STEPS: Readonly<Record<RemovalKind, readonly Step[]>> = {
  run: [...TABLES.run.map(deleteSome), { sql: OF_MODELS, limit: ROWS_A_STEP }, { sql: LINKS, limit: ROWS_A_STEP }],
  model: TABLES.model.map(deleteSome),
  experiment: TABLES.experiment.map(deleteSome),
};

/** Deletes some rows of what is removed. False while there may be more. */
export async function deleteRows(d1: D1Database, kind: RemovalKind, ids: readonly string[]): Promise<boolean> {
  const steps = STEPS[kind];
  const results = await d1.batch(steps.map(({ sql }) => d1.prepare(sql).bind(JSON.stringify(ids))));
  return results.every(({ meta }, i) => meta.changes < (steps[i]?.limit ?? 0));
}

/** Whether another experiment keeps its artifacts at a URI or below it. */
export async function isShared(d1: D1Database, uri: string, experimentId: string): Promise<boolean> {
  const select = d1.prepare(`
    SELECT 1 FROM experiments WHERE experiment_id <> ?2
      AND (rtrim(artifact_location, '/') = ?1 OR substr(artifact_location, 1, length(?1) + 1) = ?1 || '/') LIMIT 1`);
  return (await select.bind(uri, experimentId).first()) !== null;
}

/** Forgets removals: nothing is left of what they removed. */
export async function forget(d1: D1Database, kind: RemovalKind, ids: readonly string[]): Promise<void> {
  const statement = d1.prepare("DELETE FROM removals WHERE kind = ?1 AND id IN (SELECT value FROM json_each(?2))");
  await statement.bind(kind, JSON.stringify(ids)).run();
}
