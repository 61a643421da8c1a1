/** Runs in D1. Each function is one batch, and so one transaction. */
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { experiments, runs, tags } from "../db/schema";
import type { LifecycleStage } from "../db/schema/experiments";
import type { Env } from "../env";
import { type ChangedRun, runNotActive, runNotFound } from "../metrics/run-logs";
import { notFound } from "../wire/errors";
import { experimentNotActive, noSuchExperiment } from "./experiment";
import { CHANGED_RUN } from "./experiment-store";
import type { NewRun, RunChange, WrittenRun } from "./run-batch";
import { writeRun } from "./run-writer";
import type { RunPlace } from "./run-writes";

/** Creates a run. Errors: 404 for an unknown experiment, 400 for a deleted one. */
export async function createRun(env: Env, db: Database, run: NewRun): Promise<WrittenRun> {
  const created = await writeRun(env, { create: run });
  if (created) return created;
  const [experiment] = await db
    .select({ stage: experiments.lifecycleStage })
    .from(experiments)
    .where(eq(experiments.experimentId, run.experimentId));
  throw experiment ? experimentNotActive(run.experimentId, experiment.stage) : noSuchExperiment(run.experimentId);
}

/** Changes what is given of an active run. Errors: 404, 400 for a deleted run. */
export async function updateRun(env: Env, db: Database, change: RunChange): Promise<WrittenRun> {
  const updated = await writeRun(env, { change });
  if (updated) return updated;
  const [found] = await db.select({ stage: runs.lifecycleStage }).from(runs).where(eq(runs.runId, change.runId));
  throw found ? runNotActive(change.runId, found.stage) : runNotFound(change.runId);
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

/** Deletes a tag and returns its run's place; `mlflow.runName` leaves the run its name. Errors: 404 unknown run or tag, 400 deleted run. */
export async function deleteTag(db: Database, runId: string, key: string): Promise<RunPlace> {
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
  return found;
}
