/** Monitors in D1. Each function is one batch, and so one transaction. */
import { and, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { alerts, experiments, monitors, runs } from "../db/schema";
import { runNotFound } from "../metrics/run-logs";
import { noSuchExperiment } from "../tracking/experiment";
import { invalid, notFound } from "../wire/errors";
import type { Scope } from "./monitor";
import { CHANGED_ALERT, type ChangedAlert } from "./tell-viewers";

/** Monitors of one scope, and all: a log keeps the windows of its own in memory. */
export const MAX_SCOPE_MONITORS = 100;
const MAX_MONITORS = 5000;

export type MonitorRow = typeof monitors.$inferSelect;

export const noSuchMonitor = (id: string) => notFound(`Monitor with id=${id} not found`);

/** What a list is of. */
export interface MonitorSelection {
  experimentId?: string;
  runId?: string;
  metric?: string;
}

/**
 * How many alerts of each monitor fire, of all of them: few do, while those of one monitor grow for ever. SQLite would rather walk
 * all alerts in the order of their monitors.
 */
const FIRING = sql`(SELECT monitor_id, count(*) AS count FROM alerts INDEXED BY alerts_firing
  WHERE state = 'firing' GROUP BY monitor_id) AS firing`;

const withFiring = (db: Database) =>
  db
    .select({ monitor: monitors, firing: sql<number>`coalesce(firing.count, 0)` })
    .from(monitors)
    .leftJoin(FIRING, sql`firing.monitor_id = monitors.monitor_id`);

/** Monitors by name. Those of an experiment include those of its runs; those of a run, those of its experiment. */
export async function listMonitors(db: Database, { experimentId, runId, metric }: MonitorSelection) {
  const wanted: SQL[] = [];
  if (experimentId !== undefined) wanted.push(eq(monitors.experimentId, experimentId));
  if (runId !== undefined) wanted.push(sql`${monitors.scope} IN ${scopesOf(sql`${runId}`)}`);
  if (metric !== undefined) wanted.push(eq(monitors.metric, metric));
  return await withFiring(db)
    .where(and(...wanted))
    .orderBy(monitors.name, monitors.monitorId);
}

/** The scopes that a run is in, as a subquery of one column. */
const scopesOf = (runId: SQL): SQL => sql`(
  SELECT 'r:' || r.run_id FROM runs r WHERE r.run_id = ${runId}
  UNION ALL SELECT 'e:' || r.experiment_id FROM runs r WHERE r.run_id = ${runId}
  UNION ALL SELECT 'm:' || g.name || '@' || a.alias FROM model_versions v
    JOIN registered_model_aliases a ON a.model_id = v.model_id AND a.version = v.version
    JOIN registered_models g ON g.model_id = v.model_id WHERE v.run_id = ${runId})`;

/** A monitor and how many of its alerts fire. Errors: 404. */
export async function getMonitor(db: Database, monitorId: string): Promise<{ monitor: MonitorRow; firing: number }> {
  const [found] = await withFiring(db).where(eq(monitors.monitorId, monitorId));
  if (!found) throw noSuchMonitor(monitorId);
  return found;
}

/** The experiment a scope lies in, empty for a model's alias. Errors: 404 for an unknown experiment or run. */
export async function experimentOf(db: Database, scope: Scope): Promise<string> {
  if ("model" in scope) return "";
  if ("run_id" in scope) {
    const [run] = await db.select({ id: runs.experimentId }).from(runs).where(eq(runs.runId, scope.run_id));
    if (!run) throw runNotFound(scope.run_id);
    return run.id;
  }
  const id = scope.experiment_id;
  const [found] = await db
    .select({ id: experiments.experimentId })
    .from(experiments)
    .where(eq(experiments.experimentId, id));
  if (!found) throw noSuchExperiment(id);
  return id;
}

/** Errors: 400 for one monitor too many. */
export async function createMonitor(db: Database, row: MonitorRow): Promise<void> {
  const [counted] = await db
    .select({
      ofScope: sql<number>`count(*) FILTER (WHERE ${monitors.scope} = ${row.scope})`,
      all: sql<number>`count(*)`,
    })
    .from(monitors);
  if ((counted?.ofScope ?? 0) >= MAX_SCOPE_MONITORS) {
    throw invalid(
      `There are ${MAX_SCOPE_MONITORS} monitors of this scope already. Delete one before creating another.`,
    );
  }
  if ((counted?.all ?? 0) >= MAX_MONITORS) throw invalid(`There are ${MAX_MONITORS} monitors already.`);
  await db.insert(monitors).values(row);
}

/** Replaces a monitor; where its rule changed (`anew`), its alerts that fire end, and are given back. Errors: 404. */
export async function replaceMonitor(db: Database, row: MonitorRow, anew: boolean): Promise<ChangedAlert[]> {
  const { monitorId, createdTime: _, ...change } = row;
  const [written, ended] = await db.batch([
    db.update(monitors).set(change).where(eq(monitors.monitorId, monitorId)).returning({ id: monitors.monitorId }),
    endAlerts(db, eq(alerts.monitorId, anew || row.enabled === 0 ? monitorId : ""), row.updatedTime),
  ]);
  if (written.length === 0) throw noSuchMonitor(monitorId);
  return ended;
}

/** Deletes a monitor. Its alerts stay; those that fire end, and are given back. Errors: 404. */
export async function deleteMonitor(
  db: Database,
  monitorId: string,
  now: number,
): Promise<{ deleted: MonitorRow; ended: ChangedAlert[] }> {
  const [[deleted], ended] = await db.batch([
    db.delete(monitors).where(eq(monitors.monitorId, monitorId)).returning(),
    endAlerts(db, eq(alerts.monitorId, monitorId), now),
  ]);
  if (!deleted) throw noSuchMonitor(monitorId);
  return { deleted, ended };
}

/** Ends those of some alerts that fire, for their monitor is no longer what it was; nobody but viewers is told. */
const endAlerts = (db: Database, which: SQL, now: number) =>
  db
    .update(alerts)
    .set({ state: "resolved", resolution: "monitor", resolvedTime: now, changeId: "" })
    .where(and(which, eq(alerts.state, "firing")))
    .returning(CHANGED_ALERT);

/**
 * What changes for monitors where an alias of a model does, or any: those that look at the run behind it begin with what comes now,
 * and the alerts of runs that no longer are behind one end. Gives those alerts, and the scopes of monitors that look at such a run or
 * compare with it.
 */
export async function followAlias(
  db: Database,
  { model, alias }: { model: string; alias?: string },
  now: number,
): Promise<{ scopes: string[]; ended: ChangedAlert[] }> {
  const start = `m:${model}@`;
  const isOfModel =
    alias === undefined ? sql`scope >= ${start} AND scope < ${`m:${model}A`}` : sql`scope = ${start + alias}`;
  // As many monitors are read as there are (MAX_MONITORS at most) with a baseline: an index for this alone would cost each a row.
  const isComparing = sql`kind IN ('baseline', 'drift') AND definition ->> '$.rule.condition.baseline.model' = ${model}`;
  const isBehind = sql`EXISTS (SELECT 1 FROM model_versions v
    JOIN registered_model_aliases a ON a.model_id = v.model_id AND a.version = v.version
    JOIN registered_models g ON g.model_id = v.model_id
    WHERE v.run_id = alerts.run_id
      AND 'm:' || g.name || '@' || a.alias = (SELECT m.scope FROM monitors m WHERE m.monitor_id = alerts.monitor_id))`;
  const [, found, ended] = await db.batch([
    db.update(monitors).set({ updatedTime: now }).where(isOfModel),
    db
      .selectDistinct({ scope: monitors.scope })
      .from(monitors)
      .where(sql`enabled = 1 AND ((${isOfModel}) OR (${isComparing}))`),
    endAlerts(
      db,
      sql`alerts.monitor_id IN (SELECT monitor_id FROM monitors WHERE ${isOfModel}) AND NOT ${isBehind}`,
      now,
    ),
  ]);
  return { scopes: found.map(({ scope }) => scope), ended };
}

/** Runs whose logs may hold points at the moment, of some scopes; of a model's alias, those of all its versions. */
export async function hotRuns(db: Database, scopes: readonly string[], limit: number): Promise<string[]> {
  const [experimentIds, runIds, aliases] = ["e:", "r:", "m:"].map((kind) =>
    scopes.filter((scope) => scope.startsWith(kind)).map((scope) => scope.slice(2)),
  ) as [string[], string[], string[]];
  // The alias may just have been moved away from one of them.
  const models = aliases.map((alias) => alias.slice(0, alias.lastIndexOf("@")));
  const ofModels = sql`(SELECT v.run_id FROM registered_models g CROSS JOIN model_versions v ON v.model_id = g.model_id
    WHERE g.workspace = 'default' AND g.name IN (SELECT value FROM json_each(${JSON.stringify(models)})))`;
  const found = await db
    .select({ id: runs.runId })
    .from(runs)
    .where(
      and(
        sql`hot = 1`,
        or(
          inArray(runs.experimentId, sql`(SELECT value FROM json_each(${JSON.stringify(experimentIds)}))`),
          inArray(runs.runId, sql`(SELECT value FROM json_each(${JSON.stringify(runIds)}))`),
          models.length > 0 ? inArray(runs.runId, ofModels) : undefined,
        ),
      ),
    )
    .limit(limit);
  return found.map(({ id }) => id);
}
