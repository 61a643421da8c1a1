/** What runs have beside their own rows, read for a page of them at once: a query each kind, never a join of kinds. */
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { datasetInputs, datasets, latestMetrics, params, runModels, runs, tags } from "../db/schema";
import type { Env } from "../env";
import { overlayHot } from "../metrics/latest";
import { runNotFound } from "../metrics/run-logs";
import type { RunData, RunRow } from "./run";

/** The queries for the data of runs; `among` is a subquery of run ids. Each answers in the order of its primary key. */
function dataQueries(db: Database, among: SQL) {
  const input = datasetInputs;
  return [
    db
      .select()
      .from(latestMetrics)
      .where(inArray(latestMetrics.runId, among))
      .orderBy(latestMetrics.runId, latestMetrics.key),
    db
      .select({ runId: params.runId, key: params.key, value: params.value })
      .from(params)
      .where(inArray(params.runId, among))
      .orderBy(params.runId, params.key),
    db
      .select({ runId: tags.runId, key: tags.key, value: tags.value })
      .from(tags)
      .where(inArray(tags.runId, among))
      .orderBy(tags.runId, tags.key),
    db
      .select({
        runId: input.runId,
        tags: input.tags,
        name: datasets.name,
        digest: datasets.digest,
        sourceType: datasets.sourceType,
        source: datasets.source,
        schema: datasets.schema,
        profile: datasets.profile,
      })
      .from(input)
      .innerJoin(
        datasets,
        and(
          eq(datasets.experimentId, input.experimentId),
          eq(datasets.name, input.name),
          eq(datasets.digest, input.digest),
        ),
      )
      .where(inArray(input.runId, among))
      .orderBy(input.runId, input.name, input.digest),
    db
      .select()
      .from(runModels)
      .where(inArray(runModels.runId, among))
      .orderBy(runModels.runId, runModels.kind, runModels.modelId),
  ] as const;
}

type Answers<T> = { -readonly [K in keyof T]: T[K] extends PromiseLike<infer R> ? R : never };
type DataRows = Answers<ReturnType<typeof dataQueries>>;

export interface RunWithData {
  run: RunRow;
  data: RunData;
}

/** A run with all it has, deleted ones too. One batch, and a call to its log if that knows more. Errors: 404. */
export async function getRun(env: Env, db: Database, runId: string): Promise<RunWithData> {
  const [rows, ...data] = await db.batch([
    db.select().from(runs).where(eq(runs.runId, runId)),
    ...dataQueries(db, sql`(${runId})`),
  ]);
  const [found] = await assemble(env, db, rows, data);
  if (!found) throw runNotFound(runId);
  return found;
}

/** Runs by their ids, in that order, with all they have; those that are gone are left out. */
export async function runsById(env: Env, db: Database, ids: readonly string[]): Promise<RunWithData[]> {
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const [rows, ...data] = await db.batch([
    db.select().from(runs).where(inArray(runs.runId, among)),
    ...dataQueries(db, among),
  ]);
  const found = new Map((await assemble(env, db, rows, data)).map((entry) => [entry.run.runId, entry]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

async function assemble(env: Env, db: Database, rows: RunRow[], data: DataRows): Promise<RunWithData[]> {
  const [metricRows, paramRows, tagRows, datasetRows, modelRows] = data;
  const metrics = Map.groupBy(metricRows, (row) => row.runId);
  await overlayHot(
    env,
    db,
    rows.filter((run) => run.hot === 1),
    metrics,
  );
  const byRun = {
    params: Map.groupBy(paramRows, (row) => row.runId),
    tags: Map.groupBy(tagRows, (row) => row.runId),
    datasets: Map.groupBy(datasetRows, (row) => row.runId),
    models: Map.groupBy(modelRows, (row) => row.runId),
  };
  return rows.map((run) => {
    const models = byRun.models.get(run.runId) ?? [];
    return {
      run,
      data: {
        metrics: metrics.get(run.runId) ?? [],
        params: byRun.params.get(run.runId) ?? [],
        tags: byRun.tags.get(run.runId) ?? [],
        datasets: byRun.datasets.get(run.runId) ?? [],
        modelInputs: models.filter(({ kind }) => kind === "input").map(({ modelId }) => modelId),
        modelOutputs: models.filter(({ kind }) => kind === "output"),
      },
    };
  });
}
