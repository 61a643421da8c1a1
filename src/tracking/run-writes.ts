/**
 * Writes to a run that other parts compose into one transaction. Every statement takes its rows from the active run
 * itself, so that nothing is written to a run that is unknown or deleted at that moment.
 */
import { isNotNullFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import { MAX_PARAM_VALUE, MAX_TAG_VALUE } from "../limits";
import { runNotActive, runNotFound } from "../metrics/run-logs";
import { missingParameter } from "../wire/decode";
import { invalid, type MlflowError } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { checkKey, truncate } from "../wire/validate";
import type { KeyValue } from "./experiment";
import { RUN_NAME_TAG } from "./run";

/**
 * A param as it is stored: a value of more than 6000 characters is cut, as in MLflow. `path` (`params[2].`) names one
 * of many in messages. Errors: 400 for a missing or bad key.
 */
export function checkParam({ key, value = "" }: { key?: string; value?: string }, path = ""): KeyValue {
  if (!key) throw missingParameter(`${path}key`);
  checkKey(key, `${path}key`, "Param key");
  return { key, value: truncate(value, MAX_PARAM_VALUE) };
}

/** A tag as it is stored: a value of more than 8000 characters is cut. Errors: as for a param. */
export function checkTag({ key, value = "" }: { key?: string; value?: string }, path = ""): KeyValue {
  if (!key) throw missingParameter(`${path}key`);
  checkKey(key, `${path}key`, `${path}key`);
  return { key, value: truncate(value, MAX_TAG_VALUE) };
}

const insertInto = (table: "params" | "tags") => `
  INSERT INTO ${table} (run_id, key, value, experiment_id)
  SELECT r.run_id, j.value->>'key', j.value->>'value', r.experiment_id
  FROM runs r, json_each(?) j WHERE r.run_id = ? AND r.lifecycle_stage = 'active'
  ON CONFLICT (run_id, key) DO UPDATE SET `;

/** NULL breaks the column's constraint, and with it the whole transaction: a param never changes. */
const INSERT_PARAMS = `${insertInto("params")} value = NULL WHERE value <> excluded.value`;

const UPSERT_TAGS = `${insertInto("tags")} value = excluded.value WHERE value <> excluded.value`;

const RENAME_RUN = "UPDATE runs SET name = ? WHERE run_id = ? AND lifecycle_stage = 'active' AND name <> ?";

/** Writes params of distinct keys; a changed value fails the transaction, an equal one writes nothing. */
export function paramWrites(d1: D1Database, runId: string, params: readonly KeyValue[]): D1PreparedStatement[] {
  return jsonRows(params).map((json) => d1.prepare(INSERT_PARAMS).bind(json, runId));
}

/** Sets tags, the last of a key winning; `mlflow.runName` renames the run, and stays as it is where sent empty. */
export function tagWrites(d1: D1Database, runId: string, tags: readonly KeyValue[]): D1PreparedStatement[] {
  const last = new Map(tags.filter(({ key, value }) => key !== RUN_NAME_TAG || value !== "").map((t) => [t.key, t]));
  const writes = jsonRows([...last.values()]).map((json) => d1.prepare(UPSERT_TAGS).bind(json, runId));
  const name = last.get(RUN_NAME_TAG)?.value;
  if (name !== undefined) writes.push(d1.prepare(RENAME_RUN).bind(name, runId, name));
  return writes;
}

/** What the messages of a failed commit need: the params written, and whether the request was a batch. */
export interface WrittenParams {
  params?: readonly KeyValue[];
  batch?: boolean;
}

/** Where a run belongs. */
export interface RunPlace {
  experimentId: string;
  /** Whether someone may be watching there: 0 or 1, where it is known. */
  feedWatched?: number;
}

/**
 * Commits statements that write to a run only while it is active, and returns its place. Errors: 404 unknown run,
 * 400 deleted run, 400 changed param; then nothing is written.
 */
export async function commitRunWrites(
  d1: D1Database,
  runId: string,
  statements: D1PreparedStatement[],
  { params = [], batch = false }: WrittenParams = {},
): Promise<RunPlace> {
  const guard = d1
    .prepare(
      `SELECT r.lifecycle_stage AS stage, r.experiment_id AS experimentId, e.watched AS feedWatched
       FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id WHERE r.run_id = ?`,
    )
    .bind(runId);
  try {
    const [found] = await d1.batch<RunPlace & { stage: string }>([guard, ...statements]);
    const run = found?.results[0];
    if (!run) throw runNotFound(runId);
    if (run.stage !== "active") throw runNotActive(runId, run.stage);
    return run;
  } catch (error) {
    if (!isNotNullFailure(error, "params", "value")) throw error;
    throw (await changedParams(d1, runId, params, batch)) ?? error;
  }
}

/** The error for params whose stored values differ. Params never change, so that reading them later is as good. */
async function changedParams(
  d1: D1Database,
  runId: string,
  params: readonly KeyValue[],
  batch: boolean,
): Promise<MlflowError | undefined> {
  const select = d1.prepare(
    "SELECT key, value FROM params WHERE run_id = ? AND key IN (SELECT value FROM json_each(?))",
  );
  const stored = await select.bind(runId, JSON.stringify(params.map(({ key }) => key))).all<KeyValue>();
  const old = new Map(stored.results.map(({ key, value }) => [key, value]));
  const changed = params
    .filter(({ key, value }) => old.has(key) && old.get(key) !== value)
    .map(({ key, value }) => ({ key, old_value: old.get(key) ?? "", new_value: value }));
  const [first] = changed;
  if (!first) return undefined;
  if (batch) {
    return invalid(
      `Changing param values is not allowed. Params were already logged='${pythonRepr(changed)}' for run ID='${runId}'.`,
    );
  }
  return invalid(
    `Changing param values is not allowed. Param with key='${first.key}' was already logged with ` +
      `value='${first.old_value}' for run ID='${runId}'. Attempted logging new value '${first.new_value}'.`,
  );
}
