/** Pages of runs from D1: a row a run, its cells as JSON that SQLite puts together, so that all of a run is read at once. */

import type { LifecycleStage } from "../db/schema/experiments";
import { stageList } from "../tracking/views";

/** Characters of a param or tag that a cell carries. */
const MAX_CELL = 400;

export interface TableRun {
  run_id: string;
  experiment_id: string;
  run_name: string;
  status: string;
  user_id: string;
  start_time: number;
  end_time: number | null;
  hot: number;
  lifecycle_stage: string;
  /** JSON without its brackets, an entry a key asked for: `[value, step, timestamp]` or null; null for no keys. */
  metrics: string | null;
  /** The same of texts. */
  params: string | null;
  tags: string | null;
}

export interface Keys {
  metrics: readonly string[];
  params: readonly string[];
  tags: readonly string[];
}

/** quote() writes a double so that the same double is read from it. */
const METRIC = `CASE WHEN x.run_id IS NULL THEN 'null' ELSE '[' || CASE WHEN x.is_nan THEN '"NaN"'
  ELSE quote(x.value) END || ',' || x.step || ',' || x.timestamp || ']' END`;
const ENTRY = `CASE WHEN x.run_id IS NULL THEN 'null' ELSE json_quote(substr(x.value, 1, ${MAX_CELL})) END`;

const cells = (table: string, cell: string, keys: string) => `(
  SELECT group_concat(${cell}) FROM json_each(${keys}) k LEFT JOIN ${table} x ON x.run_id = r.run_id AND x.key = k.value)`;

/** Clients that send no user of a run say it in a tag. */
const USER = `COALESCE(NULLIF(r.user_id, ''),
  (SELECT u.value FROM tags u WHERE u.run_id = r.run_id AND u.key = 'mlflow.user'), '')`;

/** Some runs with their cells, in the order of their ids. Runs that are gone are left out. */
export async function readRuns(d1: D1Database, ids: readonly string[], keys: Keys): Promise<TableRun[]> {
  const { results } = await d1
    .prepare(
      `SELECT r.run_id, r.experiment_id, r.name AS run_name, r.status, ${USER} AS user_id, r.start_time,
         r.end_time, r.hot, r.lifecycle_stage, ${cells("latest_metrics", METRIC, "?2")} AS metrics,
         ${cells("params", ENTRY, "?3")} AS params, ${cells("tags", ENTRY, "?4")} AS tags
       FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value`,
    )
    .bind(...[ids, keys.metrics, keys.params, keys.tags].map((list) => JSON.stringify(list)))
    .all<TableRun>();
  return results;
}

/** How many runs some experiments have, whatever a filter lets through. */
export async function countRuns(
  d1: D1Database,
  experiments: readonly string[],
  stages: readonly LifecycleStage[],
): Promise<number> {
  const row = await d1
    .prepare(
      `SELECT count(*) AS n FROM json_each(?1) j
       CROSS JOIN runs r ON r.experiment_id = j.value AND r.lifecycle_stage IN ${stageList(stages)}`,
    )
    .bind(JSON.stringify(experiments))
    .first<{ n: number }>();
  return row?.n ?? 0;
}

/** The baselines of experiments: what their tag says. */
export async function baselinesOf(
  d1: D1Database,
  experiments: readonly string[],
  tag: string,
): Promise<{ experiment_id: string; value: string }[]> {
  const { results } = await d1
    .prepare(
      `SELECT t.experiment_id, t.value FROM json_each(?1) j
       CROSS JOIN experiment_tags t ON t.experiment_id = j.value AND t.key = ?2`,
    )
    .bind(JSON.stringify(experiments), tag)
    .all<{ experiment_id: string; value: string }>();
  return results;
}
