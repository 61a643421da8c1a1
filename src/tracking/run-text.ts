/**
 * Runs as JSON text that SQLite puts together, so that an answer of thousands of them is neither parsed nor encoded
 * again. The fields are those of wireRun, without model inputs, which searches do not carry.
 */
import type { Database } from "../db/client";
import type { Env } from "../env";
import { type LatestMetric, overlayHot } from "../metrics/latest";
import { wireMetric } from "./run";

/** A run's text in three parts, the metrics between: those of a run that is hot may be newer in its log. */
export interface RunText {
  /** A JSON list of run_id, experiment_id and log_position; null for a run that is not hot. */
  hot: string | null;
  head: string;
  metrics: string;
  tail: string;
}

/** A list of rows as JSON, in the order of their table's key; empty for none. */
const listed = (object: string, from: string): string => `ifnull((SELECT group_concat(${object}) FROM ${from}), '')`;

/** A list under its name (with a comma before, where the name says so), or nothing at all for none. */
const named = (name: `${"" | ","}"${string}"`, object: string, from: string): string =>
  `ifnull((SELECT '${name}:[' || group_concat(${object}) || ']' FROM ${from}), '')`;

const of = (table: string): string => `${table} x WHERE x.run_id = r.run_id`;

/** quote() writes a double so that the same double is read from it; SQLite's JSON functions keep 15 digits of it. */
const METRIC = `'{"key":' || json_quote(x.key) || ',"value":'
  || CASE x.is_nan WHEN 1 THEN '"NaN"' ELSE quote(x.value) END
  || ',"timestamp":' || x.timestamp || ',"step":' || x.step || '}'`;

const ENTRY = `'{"key":' || json_quote(x.key) || ',"value":' || json_quote(x.value) || '}'`;

const DATASET = `CASE x.tags WHEN '[]' THEN '{' ELSE '{"tags":' || x.tags || ',' END
  || '"dataset":{"name":' || json_quote(d.name) || ',"digest":' || json_quote(d.digest)
  || ',"source_type":' || json_quote(d.source_type) || ',"source":' || json_quote(d.source)
  || CASE WHEN d.schema <> '' THEN ',"schema":' || json_quote(d.schema) ELSE '' END
  || CASE WHEN d.profile <> '' THEN ',"profile":' || json_quote(d.profile) ELSE '' END || '}}'`;

const DATASETS = `dataset_inputs x JOIN datasets d
  ON d.experiment_id = x.experiment_id AND d.name = x.name AND d.digest = x.digest WHERE x.run_id = r.run_id`;

const MODEL = `'{"model_id":' || json_quote(x.model_id) || ',"step":' || x.step || '}'`;

/** An end at 1970 is no end, as in MLflow. */
const INFO = `'{"info":{' || CASE WHEN r.end_time <> 0 THEN '"end_time":' || r.end_time || ',' ELSE '' END
  || substr(json_object('run_uuid', r.run_id, 'experiment_id', r.experiment_id, 'run_name', r.name, 'user_id', r.user_id,
    'status', r.status, 'start_time', r.start_time, 'artifact_uri', r.artifact_uri,
    'lifecycle_stage', r.lifecycle_stage, 'run_id', r.run_id), 2)`;

/** The columns of a RunText, for a row of `runs r`. Params and tags bring a comma along. */
export const RUN_TEXT = `
  CASE WHEN r.hot = 1 THEN json_array(r.run_id, r.experiment_id, r.log_position) END AS hot,
  ${INFO} || ',"data":{' AS head,
  ${listed(METRIC, of("latest_metrics"))} AS metrics,
  ${named(',"params"', ENTRY, of("params"))} || ${named(',"tags"', ENTRY, of("tags"))}
    || '},"inputs":{' || ${named('"dataset_inputs"', DATASET, DATASETS)}
    || '},"outputs":{' || ${named('"model_outputs"', MODEL, `${of("run_models")} AND x.kind = 'output'`)} || '}}' AS tail`;

export const RUN_TEXT_COLUMNS = 4;

/** Runs as they go into an answer, commas between. Hot ones are asked for what D1 lacks, unless it is known to lack nothing. */
export async function wireTexts(
  env: Env,
  db: Database,
  rows: readonly RunText[],
  isPublished: boolean,
): Promise<string> {
  const hot = isPublished ? new Map<RunText, string>() : await newerMetrics(env, db, rows);
  return rows
    .map((row) => {
      const metrics = hot.get(row) ?? row.metrics;
      if (metrics !== "") return `${row.head}"metrics":[${metrics}]${row.tail}`;
      return row.head + (row.tail.startsWith(",") ? row.tail.slice(1) : row.tail);
    })
    .join(",");
}

async function newerMetrics(env: Env, db: Database, rows: readonly RunText[]): Promise<Map<RunText, string>> {
  const byRun = new Map<string, LatestMetric[]>();
  const hot = rows.flatMap((row) => {
    if (row.hot === null) return [];
    const [runId, experimentId, logPosition] = JSON.parse(row.hot) as [string, string, number];
    byRun.set(runId, storedMetrics(row.metrics, runId, experimentId));
    return { row, runId, experimentId, logPosition };
  });
  await overlayHot(env, db, hot, byRun);
  return new Map(
    hot.map(({ row, runId }) => {
      const texts = (byRun.get(runId) ?? []).map((metric) => JSON.stringify(wireMetric(metric)));
      return [row, texts.join(",")];
    }),
  );
}

function storedMetrics(text: string, runId: string, experimentId: string): LatestMetric[] {
  const metrics = JSON.parse(`[${text}]`) as (Omit<LatestMetric, "value"> & { value: number | "NaN" })[];
  return metrics.map(({ key, value, timestamp, step }) => {
    const isNan = Number(value === "NaN");
    return { runId, experimentId, key, value: value === "NaN" ? 0 : value, timestamp, step, isNan };
  });
}
