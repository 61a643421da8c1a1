/**
 * Removing for good, first part: one transaction takes the row of a run, model or experiment away and notes in
 * `removals` what is left to be cleaned. From then on it does not exist and can't be restored.
 */
import type { RemovalKind } from "../db/schema/removals";

/** How many of each kind one transaction takes. */
const RUNS_A_CLAIM = 50;
const MODELS_A_CLAIM = 50;
const EXPERIMENTS_A_CLAIM = 5;

/** The experiment that every server has. Emptied like any other, it stays: clients without another one log to it. */
const DEFAULT_EXPERIMENT = "0";

export interface Claimed {
  runs: number;
  models: number;
  experiments: number;
}

/** Whether a registered model's version keeps its files at a URI or below it: they must stay for it. */
const holds = (uri: string) =>
  `(v.storage_location = ${uri} OR (v.storage_location > ${uri} || '/' AND v.storage_location < ${uri} || '0'))`;

const OLD_RUNS = `r.deleted_time <= ?1 AND r.lifecycle_stage = 'deleted' AND NOT EXISTS (
  SELECT 1 FROM model_versions v WHERE v.run_id = r.run_id AND ${holds("r.artifact_uri")})`;

const OLD_MODELS = `m.lifecycle_stage = 'deleted' AND m.last_update_time <= ?1 AND NOT EXISTS (
  SELECT 1 FROM model_versions v WHERE ${holds("m.artifact_uri")})`;

/** A run of a deleted experiment may have been restored by itself; then the experiment waits. */
const OLD_EXPERIMENTS = `e.lifecycle_stage = 'deleted' AND e.last_update_time <= ?1
  AND e.experiment_id <> '${DEFAULT_EXPERIMENT}'
  AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active')
  AND NOT EXISTS (SELECT 1 FROM model_versions v WHERE ${holds("rtrim(e.artifact_location, '/')")})`;

const NOTE_RUNS = (which: string) => `
  INSERT INTO removals (kind, id, artifact_uri, hot)
  SELECT 'run', r.run_id, r.artifact_uri, r.hot FROM runs r WHERE ${which} LIMIT ${RUNS_A_CLAIM}
  ON CONFLICT DO NOTHING`;

const NOTE_MODELS = (which: string) => `
  INSERT INTO removals (kind, id, artifact_uri)
  SELECT 'model', m.model_id, m.artifact_uri FROM logged_models m WHERE ${which} LIMIT ${MODELS_A_CLAIM}
  ON CONFLICT DO NOTHING`;

/** The same condition again: what was noted earlier is not taken for noted now. */
const TAKE = (table: string, alias: string, key: string, kind: RemovalKind, which: string) => `
  DELETE FROM ${table} AS ${alias}
  WHERE ${alias}.${key} IN (SELECT id FROM removals WHERE kind = '${kind}') AND ${which} RETURNING ${key}`;

/** Takes some of what was deleted up to `cutoff` (ms since 1970). Nothing taken: there is nothing more. */
export async function claim(d1: D1Database, cutoff: number): Promise<Claimed> {
  const statements = [
    NOTE_RUNS(OLD_RUNS),
    TAKE("runs", "r", "run_id", "run", OLD_RUNS),
    NOTE_MODELS(OLD_MODELS),
    TAKE("logged_models", "m", "model_id", "model", OLD_MODELS),
    `INSERT INTO removals (kind, id, artifact_uri)
     SELECT 'experiment', e.experiment_id, e.artifact_location FROM experiments e
     WHERE ${OLD_EXPERIMENTS} LIMIT ${EXPERIMENTS_A_CLAIM} ON CONFLICT DO NOTHING`,
    TAKE("experiments", "e", "experiment_id", "experiment", OLD_EXPERIMENTS),
  ];
  return claimed(await d1.batch(statements.map((sql) => d1.prepare(sql).bind(cutoff))));
}

/**
 * Takes some of the runs and models of an experiment that is being removed, whatever their stage. The
 * plus keeps SQLite from going through all of the experiment's for the few that were noted.
 */
export async function claimContents(d1: D1Database, experimentId: string): Promise<Claimed> {
  const statements = [
    NOTE_RUNS("r.experiment_id = ?1"),
    TAKE("runs", "r", "run_id", "run", "+r.experiment_id = ?1"),
    NOTE_MODELS("m.experiment_id = ?1"),
    TAKE("logged_models", "m", "model_id", "model", "+m.experiment_id = ?1"),
  ];
  return claimed(await d1.batch(statements.map((sql) => d1.prepare(sql).bind(experimentId))));
}

const claimed = (results: D1Result[]): Claimed => {
  const taken = (index: number) => results[index]?.results.length ?? 0;
  return { runs: taken(1), models: taken(3), experiments: taken(5) };
};
