/** Runs in D1. Each function is one batch, and so one transaction. */
import { and, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { jsonRows } from "../db/json-rows";
import { experiments, runs, tags } from "../db/schema";
import type { LifecycleStage } from "../db/schema/experiments";
import type { RunStatus } from "../db/schema/runs";
import { type Row, transact } from "../db/writer";
import type { Env } from "../env";
import { type ChangedRun, runNotActive, runNotFound } from "../metrics/run-logs";
import { notFound } from "../wire/errors";
import { experimentNotActive, type KeyValue, noSuchExperiment } from "./experiment";
import { CHANGED_RUN } from "./experiment-store";
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

/** Creates a run. Errors: 404 for an unknown experiment, 400 for a deleted one. */
export async function createRun(env: Env, db: Database, run: NewRun): Promise<RunRow> {
  const { runId, experimentId } = run;
  const [[created] = []] = await transact(env, [
    db
      .insert(runs)
      .select(
        sql`
        SELECT ${runId}, experiment_id, ${run.name}, ${run.userId}, 'RUNNING', ${run.startTime}, NULL, 'active', NULL,
          ${artifactUri(`/${runId}/artifacts`)}, 0, 0, 0, 0, 0, 0
        FROM experiments WHERE experiment_id = ${experimentId} AND lifecycle_stage = 'active'`,
      )
      .returning()
      .toSQL(),
    ...jsonRows(run.tags).map((json) =>
      db
        .insert(tags)
        .select(sql`
        SELECT r.run_id, j.value->>'key', j.value->>'value', r.experiment_id
        FROM runs r, json_each(${json}) j WHERE r.run_id = ${runId}`)
        .toSQL(),
    ),
  ]);
  if (created) return runRow(created);
  const [experiment] = await db
    .select({ stage: experiments.lifecycleStage })
    .from(experiments)
    .where(eq(experiments.experimentId, experimentId));
  throw experiment ? experimentNotActive(experimentId, experiment.stage) : noSuchExperiment(experimentId);
}

const RUN_COLUMNS = Object.entries(getTableColumns(runs)).map(([field, { name }]) => [field, name] as const);

/** A run as D1 gives it, under the names it has here. */
const runRow = (row: Row): RunRow =>
  Object.fromEntries(RUN_COLUMNS.map(([field, name]) => [field, row[name]])) as RunRow;

/** A path below an experiment's location: before its query, if it has one. */
const artifactUri = (path: string): SQL => sql`
  CASE instr(artifact_location, '?') WHEN 0 THEN rtrim(artifact_location, '/') || ${path}
  ELSE rtrim(substr(artifact_location, 1, instr(artifact_location, '?') - 1), '/') || ${path}
    || substr(artifact_location, instr(artifact_location, '?')) END`;

export interface RunChange {
  status?: RunStatus;
  /** ms since 1970 */
  endTime?: number;
  /** Empty for no change. */
  name?: string;
}

/** Changes what is given of an active run. Errors: 404, 400 for a deleted run. */
export async function updateRun(env: Env, db: Database, runId: string, change: RunChange): Promise<RunRow> {
  const { status, endTime, name } = change;
  const set = { status, endTime, name: name || undefined };
  const active = and(eq(runs.runId, runId), eq(runs.lifecycleStage, "active"));
  const changes = Object.values(set).some((value) => value !== undefined);
  const tagged = name
    ? [
        db
          .insert(tags)
          .select(
            sql`SELECT run_id, ${RUN_NAME_TAG}, ${name}, experiment_id FROM runs
              WHERE run_id = ${runId} AND lifecycle_stage = 'active'`,
          )
          .onConflictDoUpdate({
            target: [tags.runId, tags.key],
            set: { value: sql`excluded.value` },
            setWhere: sql`value <> excluded.value`,
          })
          .toSQL(),
      ]
    : [];
  const [[updated] = []] = await transact(env, [
    (changes ? db.update(runs).set(set).where(active).returning() : db.select().from(runs).where(active)).toSQL(),
    ...tagged,
  ]);
  if (updated) return runRow(updated);
  const [found] = await db.select({ stage: runs.lifecycleStage }).from(runs).where(eq(runs.runId, runId));
  throw found ? runNotActive(runId, found.stage) : runNotFound(runId);
}

/**
 * Deletes or restores a run, and returns it if that changed anything: its log must know. Again is fine.
 * Errors: 404.
 */
export async function moveRun(db: Database, runId: string, to: LifecycleStage, now: number): Promise<ChangedRun[]> {
  const [found, moved] = await db.batch([
    db.select({ stage: runs.lifecycleStage }).from(runs).where(eq(runs.runId, runId)),
    db
      .update(runs)
      .set({ lifecycleStage: to, deletedTime: to === "deleted" ? now : null })
      .where(and(eq(runs.runId, runId), eq(runs.lifecycleStage, to === "active" ? "deleted" : "active")))
      .returning(CHANGED_RUN),
  ]);
  if (found.length === 0) throw runNotFound(runId);
  return moved;
}

/** Deletes a tag and returns its run's experiment; `mlflow.runName` leaves the run its name. Errors: 404 unknown run or tag, 400 deleted run. */
export async function deleteTag(db: Database, runId: string, key: string): Promise<string> {
  const [[found], deleted] = await db.batch([
    db.select({ stage: runs.lifecycleStage, experimentId: runs.experimentId }).from(runs).where(eq(runs.runId, runId)),
    db
      .delete(tags)
      .where(
        and(
          eq(tags.runId, runId),
          eq(tags.key, key),
          sql`EXISTS (SELECT 1 FROM runs r WHERE r.run_id = ${runId} AND r.lifecycle_stage = 'active')`,
        ),
      )
      .returning({ key: tags.key }),
  ]);
  if (!found) throw runNotFound(runId);
  if (found.stage !== "active") throw runNotActive(runId, found.stage);
  if (deleted.length === 0) throw notFound(`No tag with name: ${key} in run with id ${runId}`);
  return found.experimentId;
}
