/** Saved views of the page in D1. Each function is one batch, and so one transaction. */
import { and, eq, ne, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { experiments, pageViews } from "../db/schema";
import { experimentNotActive, noSuchExperiment } from "../tracking/experiment";
import { invalid, notFound } from "../wire/errors";

/** Views of one experiment, unnamed ones included. */
export const MAX_VIEWS = 500;

export type View = typeof pageViews.$inferSelect;

const one = (experimentId: string, viewId: string) =>
  and(eq(pageViews.experimentId, experimentId), eq(pageViews.viewId, viewId));

const experimentOf = (db: Database, id: string) =>
  db.select({ stage: experiments.lifecycleStage }).from(experiments).where(eq(experiments.experimentId, id));

const noSuchView = (id: string) => notFound(`View with id=${id} not found`);

/** An experiment's named views, by name. Errors: 404. */
export async function listViews(db: Database, experimentId: string): Promise<View[]> {
  const [[experiment], views] = await db.batch([
    experimentOf(db, experimentId),
    db
      .select()
      .from(pageViews)
      .where(and(eq(pageViews.experimentId, experimentId), ne(pageViews.name, "")))
      .orderBy(pageViews.name, pageViews.viewId),
  ]);
  if (!experiment) throw noSuchExperiment(experimentId);
  return views;
}

/** Errors: 404. */
export async function getView(db: Database, experimentId: string, viewId: string): Promise<View> {
  const [view] = await db.select().from(pageViews).where(one(experimentId, viewId));
  if (!view) throw noSuchView(viewId);
  return view;
}

/** Errors: 404 for an unknown experiment, 400 for a deleted one and for one view too many. */
export async function createView(db: Database, view: View): Promise<void> {
  const { experimentId } = view;
  const [[experiment], created] = await db.batch([
    experimentOf(db, experimentId),
    db
      .insert(pageViews)
      .select(
        sql`SELECT experiment_id, ${view.viewId}, ${view.name}, ${view.address}, ${view.createdTime}, ${view.updatedTime}
          FROM experiments WHERE experiment_id = ${experimentId} AND lifecycle_stage = 'active'
            AND (SELECT count(*) FROM page_views v WHERE v.experiment_id = ${experimentId}) < ${MAX_VIEWS}`,
      )
      .returning({ id: pageViews.viewId }),
  ]);
  if (!experiment) throw noSuchExperiment(experimentId);
  if (experiment.stage !== "active") throw experimentNotActive(experimentId, experiment.stage);
  if (created.length === 0) {
    throw invalid(`The experiment ${experimentId} has ${MAX_VIEWS} views already. Delete one before creating another.`);
  }
}

/** Changes what is given. Errors: 404. */
export async function updateView(
  db: Database,
  experimentId: string,
  viewId: string,
  change: { name?: string; address?: string; updatedTime: number },
): Promise<View> {
  const [view] = await db.update(pageViews).set(change).where(one(experimentId, viewId)).returning();
  if (!view) throw noSuchView(viewId);
  return view;
}

/** Errors: 404. */
export async function deleteView(db: Database, experimentId: string, viewId: string): Promise<void> {
  const deleted = await db.delete(pageViews).where(one(experimentId, viewId)).returning({ id: pageViews.viewId });
  if (deleted.length === 0) throw noSuchView(viewId);
}
