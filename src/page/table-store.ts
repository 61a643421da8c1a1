/** Columns of a page of runs from D1: a row a key, its cells as JSON that SQLite puts together. */

/** Characters of a param or tag that a cell carries; a page's column must fit into a row of the database. */
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
}

export interface Keys {
  metrics: readonly string[];
  params: readonly string[];
  tags: readonly string[];
}

/** A column's cells in the order of the runs, as JSON: of metrics an object of lists, of params and tags one list. */
export interface ColumnText {
  key: string;
  cells: string;
}

/** Some runs' own fields, in the order of their ids. Runs that are gone are left out. */
export function runsQuery(d1: D1Database, ids: readonly string[]): D1PreparedStatement {
  return d1
    .prepare(
      `SELECT r.run_id, r.experiment_id, r.name AS run_name, r.status, r.user_id, r.start_time, r.end_time, r.hot,
         r.lifecycle_stage
       FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value`,
    )
    .bind(JSON.stringify(ids));
}

/** quote() writes a double so that the same double is read from it. */
const METRIC = `'{"value":[' || group_concat(CASE WHEN x.run_id IS NULL THEN 'null' WHEN x.is_nan THEN '"NaN"'
  ELSE quote(x.value) END) || '],"step":[' || group_concat(ifnull(x.step, 'null'))
  || '],"timestamp":[' || group_concat(ifnull(x.timestamp, 'null')) || ']}'`;
const ENTRY = `json_group_array(substr(x.value, 1, ${MAX_CELL}))`;

/** The columns of metrics, params and tags, a query each. */
export function columnQueries(d1: D1Database, ids: readonly string[], keys: Keys): D1PreparedStatement[] {
  const columns = (table: string, cells: string, wanted: readonly string[]) =>
    d1
      .prepare(
        `SELECT k.value AS key, (
           SELECT ${cells} FROM json_each(?1) j LEFT JOIN ${table} x ON x.run_id = j.value AND x.key = k.value) AS cells
         FROM json_each(?2) k`,
      )
      .bind(JSON.stringify(ids), JSON.stringify(wanted));
  return [
    columns("latest_metrics", METRIC, keys.metrics),
    columns("params", ENTRY, keys.params),
    columns("tags", ENTRY, keys.tags),
  ];
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
