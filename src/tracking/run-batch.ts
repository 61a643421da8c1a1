/** Creating and changing runs, any number of them in one D1 transaction of at most a few statements. */
import { getTableColumns } from "drizzle-orm";
import { jsonRows } from "../db/json-rows";
import { runs } from "../db/schema";
import type { RunStatus } from "../db/schema/runs";
import type { Waiting } from "../webhooks/events";
import { runsChangingEvents, runsCreatedEvents } from "../webhooks/run-events";
import type { KeyValue } from "./experiment";
import { RUN_NAME_TAG, type RunRow } from "./run";

export interface NewRun {
  runId: string;
  experimentId: string;
  name: string;
  userId: string;
  /** ms since 1970 */
  startTime: number;
  tags: KeyValue[];
}

/** What is given of it changes. */
export interface RunChange {
  runId: string;
  status?: RunStatus;
  /** ms since 1970 */
  endTime?: number;
  /** Empty for no change. */
  name?: string;
}

export type RunWrite = { create: NewRun } | { change: RunChange };

/** A run as it is now, and whether someone may be watching its experiment. */
export type WrittenRun = RunRow & { feedWatched: number };

const COLUMNS = Object.entries(getTableColumns(runs)).map(([field, { name }]) => `${name} AS ${field}`);
const RETURNING = `RETURNING ${COLUMNS.join(", ")},
  (SELECT e.watched FROM experiments e WHERE e.experiment_id = runs.experiment_id) AS feedWatched`;

/** A path below an experiment's location: before its query, if it has one. */
const ARTIFACT_URI = `
  CASE instr(e.artifact_location, '?') WHEN 0 THEN rtrim(e.artifact_location, '/') || '/' || (j.value->>'runId') || '/artifacts'
  ELSE rtrim(substr(e.artifact_location, 1, instr(e.artifact_location, '?') - 1), '/') || '/' || (j.value->>'runId') || '/artifacts'
    || substr(e.artifact_location, instr(e.artifact_location, '?')) END`;

const INSERT_RUNS = `
  INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
  SELECT j.value->>'runId', e.experiment_id, j.value->>'name', j.value->>'userId', 'RUNNING', j.value->>'startTime', ${ARTIFACT_URI}
  FROM json_each(?1) j CROSS JOIN experiments e ON e.experiment_id = j.value->>'experimentId'
  WHERE e.lifecycle_stage = 'active' ${RETURNING}`;

const INSERT_TAGS = `
  INSERT INTO tags (run_id, key, value, experiment_id)
  SELECT r.run_id, j.value->>'key', j.value->>'value', r.experiment_id
  FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value->>'runId' WHERE r.lifecycle_stage = 'active'
  ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`;

const UPDATE_RUNS = `
  UPDATE runs SET status = coalesce(j.value->>'status', status), end_time = coalesce(j.value->>'endTime', end_time),
    name = coalesce(j.value->>'name', name)
  FROM json_each(?1) j WHERE runs.run_id = j.value->>'runId' AND lifecycle_stage = 'active' ${RETURNING}`;

/** `runs` by id. `waiting` goes to pokeOutbox. */
export interface Written {
  runs: Map<string, WrittenRun>;
  waiting: Waiting[];
}

/**
 * Does all of it in one transaction, and returns the runs written: those of unknown or deleted experiments, and runs that
 * are unknown or deleted, are not among them. A run may be written once only.
 */
export async function writeRuns(d1: D1Database, writes: readonly RunWrite[]): Promise<Written> {
  const created = writes.flatMap((w) => ("create" in w ? [w.create] : []));
  const changed = writes.flatMap((w) => ("change" in w ? [{ ...w.change, name: w.change.name || undefined }] : []));
  const tags = [
    ...created.flatMap(({ runId, tags }) => tags.map(({ key, value }) => ({ runId, key, value }))),
    ...changed.flatMap(({ runId, name }) => (name ? [{ runId, key: RUN_NAME_TAG, value: name }] : [])),
  ];
  const bind = (sql: string) => (json: string) => d1.prepare(sql).bind(json);
  const createdJson = jsonRows(created.map(({ tags: _, ...run }) => run));
  const inserts = createdJson.map(bind(INSERT_RUNS));
  const events = [
    ...createdJson.map((json) => runsCreatedEvents(d1, json)),
    ...jsonRows(changed.filter(({ status }) => status !== undefined)).map((json) => runsChangingEvents(d1, json)),
  ];
  const results = await d1.batch<unknown>([
    ...inserts,
    ...events,
    ...jsonRows(changed).map(bind(UPDATE_RUNS)),
    ...jsonRows(tags).map(bind(INSERT_TAGS)),
  ]);
  const told = results.splice(inserts.length, events.length) as D1Result<Waiting>[];
  const written = results as D1Result<WrittenRun>[];
  return {
    runs: new Map(written.flatMap(({ results }) => results.map((run) => [run.runId, run]))),
    waiting: told.flatMap(({ results }) => results),
  };
}
