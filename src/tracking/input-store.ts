/** Inputs and outputs of runs in D1: statements for commitRunWrites, each taking its rows from the active run. */
import { isNotNullFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import { invalid, MlflowError } from "../wire/errors";
import type { DatasetInputRow, DatasetRow } from "./inputs";
import { commitRunWrites, type RunPlace } from "./run-writes";

const FROM_ACTIVE_RUN = "FROM runs r, json_each(?) j WHERE r.run_id = ? AND r.lifecycle_stage = 'active'";

const INSERT_DATASETS = `
  INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
  SELECT r.experiment_id, j.value->>'name', j.value->>'digest', j.value->>'source_type', j.value->>'source',
    j.value->>'schema', j.value->>'profile'
  ${FROM_ACTIVE_RUN} ON CONFLICT DO NOTHING`;

const INSERT_DATASET_INPUTS = `
  INSERT INTO dataset_inputs (run_id, experiment_id, name, digest, context, tags)
  SELECT r.run_id, r.experiment_id, j.value->>'name', j.value->>'digest', j.value->>'context', j.value->>'tags'
  ${FROM_ACTIVE_RUN} ON CONFLICT DO NOTHING`;

/** From the links as they are: the context of a link that was there already does not count. */
const INSERT_DATASET_USES = `
  INSERT INTO dataset_uses (experiment_id, name, digest, context)
  SELECT i.experiment_id, i.name, i.digest, coalesce(i.context, '')
  FROM json_each(?1) j CROSS JOIN dataset_inputs i
    ON i.run_id = ?2 AND i.name = j.value->>'name' AND i.digest = j.value->>'digest'
  WHERE true ON CONFLICT DO NOTHING`;

/** NULL fails the transaction: a model that a run made at one step was not made at another. */
const INSERT_MODELS = `
  INSERT INTO run_models (run_id, kind, model_id, step)
  SELECT r.run_id, j.value->>'kind', j.value->>'model_id', j.value->>'step'
  ${FROM_ACTIVE_RUN} ON CONFLICT DO UPDATE SET step = NULL WHERE step <> excluded.step`;

/** Appends to a JSON list; NULL, which fails the transaction, where the tag holds anything else. */
const APPEND_TO_TAG = `
  INSERT INTO tags (run_id, key, value, experiment_id)
  SELECT run_id, ?, json_array(json(?)), experiment_id FROM runs WHERE run_id = ? AND lifecycle_stage = 'active'
  ON CONFLICT DO UPDATE SET value = CASE WHEN json_valid(value) THEN
    CASE json_type(value) WHEN 'array' THEN json_insert(value, '$[#]', json(excluded.value->0)) END END`;

export interface RunInputs {
  datasets: DatasetRow[];
  inputs: DatasetInputRow[];
  models: string[];
}

/** Links datasets and models to a run; what is linked stays as it is. Errors: 404, 400 for a deleted run. */
export async function logInputs(
  d1: D1Database,
  runId: string,
  { datasets, inputs, models }: RunInputs,
): Promise<RunPlace> {
  const modelRows = models.map((model_id) => ({ kind: "input", model_id, step: 0 }));
  const writes = (sql: string, rows: readonly object[]) =>
    jsonRows(rows).map((json) => d1.prepare(sql).bind(json, runId));
  return await commitRunWrites(d1, runId, [
    ...writes(INSERT_DATASETS, datasets),
    ...writes(INSERT_DATASET_INPUTS, inputs),
    ...writes(
      INSERT_DATASET_USES,
      inputs.map(({ name, digest }) => ({ name, digest })),
    ),
    ...writes(INSERT_MODELS, modelRows),
  ]);
}

export interface ModelOutput {
  modelId: string;
  step: number;
}

/**
 * Links models that a run made; the same again is fine, so that a retry is. Errors: 404, 400 for a deleted run and for
 * a model that is there with another step.
 */
export async function logOutputs(d1: D1Database, runId: string, models: readonly ModelOutput[]): Promise<RunPlace> {
  const rows = models.map(({ modelId, step }) => ({ kind: "output", model_id: modelId, step }));
  const writes = jsonRows(rows).map((json) => d1.prepare(INSERT_MODELS).bind(json, runId));
  try {
    return await commitRunWrites(d1, runId, writes);
  } catch (error) {
    if (!isNotNullFailure(error, "run_models", "step")) throw error;
    throw new MlflowError("BAD_REQUEST", `Run ${runId} has one of these models as an output of another step already.`);
  }
}

/** Appends an entry, as JSON text, to a tag that holds a list. Errors: 404, 400 for a deleted run or another tag. */
export async function appendToTag(d1: D1Database, runId: string, key: string, entry: string): Promise<RunPlace> {
  try {
    return await commitRunWrites(d1, runId, [d1.prepare(APPEND_TO_TAG).bind(key, entry, runId)]);
  } catch (error) {
    if (!isNotNullFailure(error, "tags", "value")) throw error;
    throw invalid(`The tag ${key} of run ${runId} holds no JSON list to append to.`);
  }
}

/** A dataset and what runs of its experiment used it for; `context` is empty where they did not say. */
export interface DatasetUse {
  experiment_id: string;
  name: string;
  digest: string;
  context: string;
}

/** Uses answered at most (MLflow's limit). */
const MAX_DATASET_USES = 1000;

/** The datasets of some experiments, each once for every context, by experiment and name. */
export async function datasetUses(d1: D1Database, experimentIds: readonly string[]): Promise<DatasetUse[]> {
  const select = d1.prepare(`
    SELECT u.experiment_id, u.name, u.digest, u.context
    FROM (SELECT DISTINCT value AS id FROM json_each(?1)) asked CROSS JOIN dataset_uses u ON u.experiment_id = asked.id
    LIMIT ${MAX_DATASET_USES}`);
  return (await select.bind(JSON.stringify(experimentIds)).all<DatasetUse>()).results;
}
