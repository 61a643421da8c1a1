/** Observations logged with a model id. The model keeps its own copy of them, a row each, beside the run's. */
import { jsonRows } from "../db/json-rows";
import { MlflowError } from "../wire/errors";

/** One observation. Times in ms; a value is a double, never infinite (the caller clamps). */
export interface ModelMetric {
  key: string;
  value: number;
  timestamp: number;
  step: number;
  model_id: string;
  dataset_name?: string | undefined;
  dataset_digest?: string | undefined;
}

/**
 * Statements for a D1 batch that write an active run's observations to their models. Repeats do nothing. An unknown model fails
 * the batch, as the experiment id it would have had is missing; see explainModelFailure.
 */
export function modelMetricWrites(
  d1: D1Database,
  runId: string,
  metrics: readonly ModelMetric[],
): D1PreparedStatement[] {
  const rows = metrics.map((m) => ({
    m: m.model_id,
    k: m.key,
    t: m.timestamp,
    s: m.step,
    // A NaN has no JSON, and SQLite would store it as NULL.
    v: Number.isNaN(m.value) ? 0 : m.value,
    n: Number.isNaN(m.value) ? 1 : 0,
    d: m.dataset_name ?? "",
    g: m.dataset_digest ?? "",
  }));
  if (rows.length === 0) return [];
  const models = JSON.stringify([...new Set(rows.map(({ m }) => m))]);
  return [...jsonRows(rows).map((json) => d1.prepare(INSERT).bind(runId, json)), d1.prepare(LINK).bind(runId, models)];
}

/** A row a model, the first time: an index by run would be one more for every observation. */
const LINK = `
INSERT INTO run_models (run_id, kind, model_id, step)
SELECT runs.run_id, 'metric', j.value, 0
FROM json_each(?2) j JOIN runs ON runs.run_id = ?1 AND runs.lifecycle_stage = 'active'
WHERE true ON CONFLICT DO NOTHING`;

const INSERT = `
INSERT INTO logged_model_metrics
  (model_id, key, timestamp, step, value, is_nan, run_id, dataset_name, dataset_digest, experiment_id)
SELECT j.value->>'m', j.value->>'k', j.value->>'t', j.value->>'s', j.value->>'v', j.value->>'n', ?1,
  j.value->>'d', j.value->>'g', m.experiment_id
FROM json_each(?2) j JOIN runs ON runs.run_id = ?1 AND runs.lifecycle_stage = 'active'
  LEFT JOIN logged_models m ON m.model_id = j.value->>'m'
WHERE true ON CONFLICT DO NOTHING`;

/** Why a batch with modelMetricWrites failed: a 400 naming the models that do not exist; undefined if all do. */
export async function explainModelFailure(
  d1: D1Database,
  metrics: readonly { model_id?: string | undefined }[],
): Promise<MlflowError | undefined> {
  const ids = [...new Set(metrics.map((m) => m.model_id).filter(Boolean))];
  if (ids.length === 0) return undefined;
  const { results } = await d1
    .prepare("SELECT value AS id FROM json_each(?) WHERE value NOT IN (SELECT model_id FROM logged_models) LIMIT 10")
    .bind(JSON.stringify(ids))
    .all<{ id: string }>();
  if (results.length === 0) return undefined;
  const named = results.map(({ id }) => `'${id}'`).join(", ");
  return new MlflowError("BAD_REQUEST", `Metrics name logged models that do not exist: ${named}.`);
}
