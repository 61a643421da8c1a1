/** What the first page shows, from D1: a bounded number of rows an experiment, each through an index. */
import { WORKSPACE } from "../tracking/experiment";

/** Runs of an experiment counted at most. */
export const RUNS_COUNTED = 10_000;
/** Runs of an experiment whose headline is shown. */
const NEWEST = 20;
/** Of those, the ones whose keys are looked at to find a headline. */
const KEYS_OF = 3;
/** Hot runs looked at. */
const MAX_HOT = 1000;
/** Runs of an experiment looked at for the best one. */
const BEST_OF = 500;

export interface ExperimentRow {
  experiment_id: string;
  name: string;
  creation_time: number;
  last_update_time: number;
  /** The last update, or the start of the newest run. */
  active: number;
  total: number;
}

export interface HomeRun {
  run_id: string;
  experiment_id: string;
  name: string;
  user_id: string;
  start_time: number;
  end_time: number | null;
}

export interface HotRun extends HomeRun {
  experiment_name: string;
}

/** The experiments active last, and the runs whose logs got something lately. */
export async function recentExperiments(
  d1: D1Database,
  limit: number,
): Promise<{ experiments: ExperimentRow[]; hot: HotRun[] }> {
  const [experiments, hot] = await d1.batch<Record<string, unknown>>([
    d1
      .prepare(
        `SELECT experiment_id, name, creation_time, last_update_time, count(*) OVER () AS total,
           max(last_update_time, ifnull((
             SELECT max(r.start_time) FROM runs r
             WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active'), 0)) AS active
         FROM experiments e WHERE workspace = ?1 AND lifecycle_stage = 'active'
         ORDER BY active DESC, experiment_id DESC LIMIT ?2`,
      )
      .bind(WORKSPACE, limit),
    // The condition is spelt as the partial index has it.
    d1
      .prepare(
        `SELECT r.run_id, r.experiment_id, r.name, r.user_id, r.start_time, r.end_time, e.name AS experiment_name
         FROM runs r INDEXED BY runs_hot CROSS JOIN experiments e ON e.experiment_id = r.experiment_id
         WHERE r.hot = 1 AND r.status = 'RUNNING' AND r.lifecycle_stage = 'active' LIMIT ?1`,
      )
      .bind(MAX_HOT),
  ]);
  return {
    experiments: (experiments?.results ?? []) as unknown as ExperimentRow[],
    hot: (hot?.results ?? []) as unknown as HotRun[],
  };
}

export interface Details {
  tags: { experiment_id: string; key: string; value: string }[];
  counts: { experiment_id: string; runs: number }[];
  /** Newest first within an experiment. */
  newest: HomeRun[];
  /** Metric keys of the newest few runs. */
  keys: { experiment_id: string; key: string }[];
  /** Whose the newest runs are by their tags, as clients say that send no user. */
  owners: { experiment_id: string; owner: string }[];
}

const NEWEST_RUNS = (limit: number) => `SELECT x.run_id FROM runs x INDEXED BY runs_by_start
  WHERE x.experiment_id = e.value AND x.lifecycle_stage = 'active'
  ORDER BY x.start_time DESC, x.run_id LIMIT ${limit}`;

export async function experimentDetails(d1: D1Database, ids: readonly string[]): Promise<Details> {
  const json = JSON.stringify(ids);
  const [tags, counts, newest, keys, owners] = await d1.batch<Record<string, unknown>>(
    [
      `SELECT t.experiment_id, t.key, t.value FROM json_each(?1) e
       CROSS JOIN experiment_tags t ON t.experiment_id = e.value`,
      `SELECT e.value AS experiment_id, (SELECT count(*) FROM (
         SELECT 1 FROM runs x INDEXED BY runs_by_start
         WHERE x.experiment_id = e.value AND x.lifecycle_stage = 'active' LIMIT ${RUNS_COUNTED + 1})) AS runs
       FROM json_each(?1) e`,
      `SELECT r.run_id, r.experiment_id, r.name, r.user_id, r.start_time, r.end_time
       FROM json_each(?1) e CROSS JOIN runs r ON r.run_id IN (${NEWEST_RUNS(NEWEST)})
       ORDER BY e.key, r.start_time DESC, r.run_id`,
      `SELECT DISTINCT e.value AS experiment_id, l.key FROM json_each(?1) e
       CROSS JOIN latest_metrics l ON l.run_id IN (${NEWEST_RUNS(KEYS_OF)})`,
      `SELECT e.value AS experiment_id, t.value AS owner FROM json_each(?1) e
       CROSS JOIN tags t ON t.run_id IN (${NEWEST_RUNS(1)}) AND t.key = 'mlflow.user'`,
    ].map((sql) => d1.prepare(sql).bind(json)),
  );
  return {
    tags: (tags?.results ?? []) as unknown as Details["tags"],
    counts: (counts?.results ?? []) as unknown as Details["counts"],
    newest: (newest?.results ?? []) as unknown as HomeRun[],
    keys: (keys?.results ?? []) as unknown as Details["keys"],
    owners: (owners?.results ?? []) as unknown as Details["owners"],
  };
}

export interface Headline {
  experiment_id: string;
  key: string;
  /** 1 where more is better, -1 where less is. */
  sign: 1 | -1;
}

export interface Value {
  run_id: string;
  key: string;
  value: number;
  is_nan: number;
  step: number;
  timestamp: number;
}

/** Latest values of some metrics of some runs, the best run of each experiment since a time, and some runs by id. */
export async function headlineValues(
  d1: D1Database,
  asked: {
    values: readonly [run: string, key: string][];
    headlines: readonly Headline[];
    since: number;
    runs: readonly string[];
  },
): Promise<{ values: Value[]; best: { experiment_id: string; run_id: string }[]; runs: HomeRun[] }> {
  const [values, best, runs] = await d1.batch<Record<string, unknown>>([
    d1
      .prepare(
        `SELECT l.run_id, l.key, l.value, l.is_nan, l.step, l.timestamp FROM json_each(?1) j
         CROSS JOIN latest_metrics l ON l.run_id = j.value ->> 0 AND l.key = j.value ->> 1`,
      )
      .bind(JSON.stringify(asked.values)),
    d1
      .prepare(
        `SELECT j.value ->> 'experiment_id' AS experiment_id, (
           SELECT l.run_id FROM (
             SELECT x.run_id FROM runs x INDEXED BY runs_by_start
             WHERE x.experiment_id = j.value ->> 'experiment_id' AND x.lifecycle_stage = 'active' AND x.start_time >= ?2
             ORDER BY x.start_time DESC LIMIT ${BEST_OF}) n
           CROSS JOIN latest_metrics l ON l.run_id = n.run_id AND l.key = j.value ->> 'key'
           WHERE l.is_nan = 0 ORDER BY l.value * (j.value ->> 'sign') DESC LIMIT 1) AS run_id
         FROM json_each(?1) j`,
      )
      .bind(JSON.stringify(asked.headlines), asked.since),
    d1
      .prepare(
        `SELECT r.run_id, r.experiment_id, r.name, r.user_id, r.start_time, r.end_time FROM json_each(?1) j
         CROSS JOIN runs r ON r.run_id = j.value WHERE r.lifecycle_stage = 'active'`,
      )
      .bind(JSON.stringify(asked.runs)),
  ]);
  return {
    values: (values?.results ?? []) as unknown as Value[],
    best: ((best?.results ?? []) as unknown as { experiment_id: string; run_id: string | null }[]).flatMap(
      ({ experiment_id, run_id }) => (run_id ? [{ experiment_id, run_id }] : []),
    ),
    runs: (runs?.results ?? []) as unknown as HomeRun[],
  };
}
