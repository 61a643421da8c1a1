/** Experiments in D1. Each function is one batch, and so one transaction. */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { isUniqueFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import { counters, experiments, experimentTags, runs } from "../db/schema";
import type { LifecycleStage } from "../db/schema/experiments";
import { MAX_CUSTOM_VIEWS } from "../limits";
import type { ChangedRun } from "../metrics/run-logs";
import { MlflowError, notFound } from "../wire/errors";
import {
  CUSTOM_VIEW_PREFIX,
  type Experiment,
  experimentNotActive,
  isCustomView,
  type KeyValue,
  nameTaken,
  noSuchExperiment,
  tooManyViews,
  WORKSPACE,
} from "./experiment";

export interface NewExperiment {
  name: string;
  /** Empty for the server's own storage. */
  artifactLocation: string;
  tags: KeyValue[];
  /** ms since 1970 */
  now: number;
}

/**
 * Creates an experiment and returns its id, the next number: taken in the same transaction, so that it is lost with it.
 * Errors: 400 RESOURCE_ALREADY_EXISTS for a name that any experiment has, deleted ones included.
 */
export async function createExperiment(db: Database, experiment: NewExperiment): Promise<string> {
  const { name, artifactLocation, tags, now } = experiment;
  const latest = sql`FROM counters WHERE name = 'experiment'`;
  const created = db
    .insert(experiments)
    .select(
      sql`
      SELECT CAST(value AS TEXT), ${WORKSPACE}, ${name},
        CASE ${artifactLocation} WHEN '' THEN 'mlflow-artifacts:/' || value ELSE ${artifactLocation} END,
        'active', ${now}, ${now}, 0 ${latest}`,
    )
    .returning({ id: experiments.experimentId });
  const tagRows = jsonRows(tags).map((json) =>
    db.insert(experimentTags).select(sql`
      SELECT (SELECT CAST(value AS TEXT) ${latest}), j.value->>'key', j.value->>'value' FROM json_each(${json}) j`),
  );
  try {
    const [, [row]] = await db.batch([
      db.update(counters).set({ value: sql`value + 1` }).where(eq(counters.name, "experiment")),
      created,
      ...tagRows,
    ]);
    if (!row) throw new Error("The counter of experiments is missing");
    return row.id;
  } catch (error) {
    if (isUniqueFailure(error)) throw nameTaken(name, "Please choose another name.");
    throw error;
  }
}

export interface TaggedExperiment {
  experiment: Experiment;
  tags: KeyValue[];
}

/** An experiment by id, deleted ones too. Errors: 404. */
export async function getExperiment(db: Database, id: string): Promise<TaggedExperiment> {
  const found = await withTags(db, eq(experiments.experimentId, id), sql`${id}`);
  if (!found) throw noSuchExperiment(id);
  return found;
}

/** An experiment by name, deleted ones too. Errors: 404. */
export async function getExperimentByName(db: Database, name: string): Promise<TaggedExperiment> {
  const named = sql`(SELECT experiment_id FROM experiments WHERE workspace = ${WORKSPACE} AND name = ${name})`;
  const found = await withTags(db, and(eq(experiments.workspace, WORKSPACE), eq(experiments.name, name)), named);
  if (!found) throw notFound(`Could not find experiment with name '${name}'`);
  return found;
}

async function withTags(db: Database, which: SQL | undefined, id: SQL): Promise<TaggedExperiment | undefined> {
  const [[experiment], tags] = await db.batch([
    db.select().from(experiments).where(which),
    db
      .select({ key: experimentTags.key, value: experimentTags.value })
      .from(experimentTags)
      .where(sql`${experimentTags.experimentId} = ${id}`)
      .orderBy(experimentTags.key),
  ]);
  return experiment && { experiment, tags };
}

/** Errors: 404; 400 for a deleted experiment (MLflow: 500, which clients retry) and for a name taken. */
export async function renameExperiment(db: Database, id: string, name: string, now: number): Promise<void> {
  try {
    const [[found]] = await db.batch([
      stageOf(db, id),
      db.update(experiments).set({ name, lastUpdateTime: now }).where(isActive(id)),
    ]);
    if (!found) throw noSuchExperiment(id);
    if (found.stage !== "active") {
      throw new MlflowError("INVALID_STATE", "Cannot rename a non-active experiment.", { status: 400 });
    }
  } catch (error) {
    if (isUniqueFailure(error)) throw new MlflowError("BAD_REQUEST", `Experiment(name=${name}) already exists.`);
    throw error;
  }
}

const isActive = (id: string) => and(eq(experiments.experimentId, id), eq(experiments.lifecycleStage, "active"));

const stageOf = (db: Database, id: string) =>
  db.select({ stage: experiments.lifecycleStage }).from(experiments).where(eq(experiments.experimentId, id));

/** The columns of a ChangedRun. */
export const CHANGED_RUN = {
  runId: runs.runId,
  experimentId: runs.experimentId,
  hot: runs.hot,
  watched: runs.watched,
  name: runs.name,
  status: runs.status,
  lifecycleStage: runs.lifecycleStage,
};

/**
 * Deletes or restores an experiment with all its runs (restoring brings back runs deleted on their own, as in MLflow),
 * and returns the runs whose logs must know. Errors: 404 unless the experiment is in the other stage.
 */
export async function moveExperiment(db: Database, id: string, to: LifecycleStage, now: number): Promise<ChangedRun[]> {
  const from = to === "active" ? "deleted" : "active";
  const [, moved, hot] = await db.batch([
    db
      .update(runs)
      .set({ lifecycleStage: to, deletedTime: to === "deleted" ? now : null })
      .where(
        and(
          eq(runs.experimentId, id),
          eq(runs.lifecycleStage, from),
          sql`EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = ${id} AND e.lifecycle_stage = ${from})`,
        ),
      ),
    db
      .update(experiments)
      .set({ lifecycleStage: to, lastUpdateTime: now })
      .where(and(eq(experiments.experimentId, id), eq(experiments.lifecycleStage, from)))
      .returning({ id: experiments.experimentId }),
    // The condition is spelt as the partial index has it, or SQLite would not use that.
    db.select(CHANGED_RUN).from(runs).where(sql`${runs.experimentId} = ${id} AND hot = 1`),
  ]);
  if (moved.length === 0) throw noSuchExperiment(id);
  return hot;
}

/** Sets a tag. Errors: 404; 400 for a deleted experiment or one view too many. */
export async function setExperimentTag(db: Database, id: string, { key, value }: KeyValue): Promise<void> {
  const views = isCustomView(key) ? otherViews(id, key) : sql`0`;
  const [[found]] = await db.batch([
    db
      .select({ stage: experiments.lifecycleStage, views: sql<number>`${views}`.as("views") })
      .from(experiments)
      .where(eq(experiments.experimentId, id)),
    db
      .insert(experimentTags)
      .select(
        sql`SELECT experiment_id, ${key}, ${value} FROM experiments
          WHERE experiment_id = ${id} AND lifecycle_stage = 'active' AND ${views} < ${MAX_CUSTOM_VIEWS}`,
      )
      .onConflictDoUpdate({
        target: [experimentTags.experimentId, experimentTags.key],
        set: { value: sql`excluded.value` },
        setWhere: sql`value <> excluded.value`,
      }),
  ]);
  if (!found) throw noSuchExperiment(id);
  if (found.stage !== "active") throw experimentNotActive(id, found.stage);
  if (found.views >= MAX_CUSTOM_VIEWS) throw tooManyViews(id);
}

/** How many saved views a new one would join; none if the key is there already and would only change. */
const otherViews = (id: string, key: string): SQL => sql`(
  SELECT CASE WHEN max(key = ${key}) THEN 0 ELSE count(*) END FROM experiment_tags
  WHERE experiment_id = ${id} AND key >= ${CUSTOM_VIEW_PREFIX} AND key < ${`${CUSTOM_VIEW_PREFIX}\u{10ffff}`})`;

/** Errors: 404 for an unknown experiment or tag, 400 for a deleted experiment. */
export async function deleteExperimentTag(db: Database, id: string, key: string): Promise<void> {
  const [[found], deleted] = await db.batch([
    stageOf(db, id),
    db
      .delete(experimentTags)
      .where(
        and(
          eq(experimentTags.experimentId, id),
          eq(experimentTags.key, key),
          sql`EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = ${id} AND e.lifecycle_stage = 'active')`,
        ),
      )
      .returning({ key: experimentTags.key }),
  ]);
  if (!found) throw noSuchExperiment(id);
  if (found.stage !== "active") throw experimentNotActive(id, found.stage);
  if (deleted.length === 0) throw notFound(`No tag with name: ${key} in experiment with id ${id}`);
}
