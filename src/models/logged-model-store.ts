/** Logged models in D1. Each function is one batch, and so one transaction. */
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { isUniqueFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import { experiments, loggedModelMetrics, loggedModelParams, loggedModels, loggedModelTags } from "../db/schema";
import type { LoggedModelStatus } from "../db/schema/models";
import { invalid, MlflowError, notFound } from "../wire/errors";
import { artifactUri, type KeyValue, type LoggedModel, type LoggedModelRow } from "./logged-model";

const noSuchModel = (id: string): MlflowError => notFound(`Logged model with ID '${id}' not found.`);

export interface NewModel {
  modelId: string;
  experimentId: string;
  name: string;
  modelType: string;
  sourceRunId: string;
  params: KeyValue[];
  tags: KeyValue[];
  /** ms since 1970 */
  now: number;
}

/** Creates a pending model. Errors: 404 for an unknown experiment, 400 for one that is not active. */
export async function createModel(db: Database, model: NewModel): Promise<LoggedModel> {
  const { modelId, experimentId, params, tags } = model;
  const values = { ...model, status: "LOGGED_MODEL_PENDING", statusMessage: null } as const;
  const [found] = await db.batch([
    db
      .select({ stage: experiments.lifecycleStage, location: experiments.artifactLocation })
      .from(experiments)
      .where(eq(experiments.experimentId, experimentId)),
    db.insert(loggedModels).select(sql`
      SELECT ${modelId}, experiment_id, ${values.name}, ${artifactUriOf(modelId)}, ${values.status}, NULL,
        ${values.modelType}, ${values.sourceRunId}, ${values.now}, ${values.now}, 'active'
      FROM experiments WHERE experiment_id = ${experimentId} AND lifecycle_stage = 'active'`),
    ...entries(modelId, params).map((select) => db.insert(loggedModelParams).select(select)),
    ...entries(modelId, tags).map((select) => db.insert(loggedModelTags).select(select)),
  ]);
  const experiment = found[0];
  if (!experiment) throw notFound(`No Experiment with id=${experimentId} exists`);
  if (experiment.stage !== "active") {
    throw invalid(
      `The experiment ${experimentId} must be in the 'active' state. Current state is ${experiment.stage}.`,
    );
  }
  return {
    ...values,
    artifactUri: artifactUri(experiment.location, modelId),
    creationTime: model.now,
    lastUpdateTime: model.now,
    params: sorted(params),
    tags: sorted(tags),
    metrics: [],
  };
}

/** The SQL of artifactUri, for the location that only the database knows. */
const artifactUriOf = (modelId: string): SQL => {
  const folder = `/models/${modelId}/artifacts`;
  return sql`CASE instr(artifact_location, '?') WHEN 0 THEN rtrim(artifact_location, '/') || ${folder}
    ELSE rtrim(substr(artifact_location, 1, instr(artifact_location, '?') - 1), '/') || ${folder}
      || substr(artifact_location, instr(artifact_location, '?')) END`;
};

const sorted = (entries: KeyValue[]): KeyValue[] => [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));

/** Selects of rows for a model: none if it does not exist by the time the statement runs. */
const entries = (modelId: string, rows: KeyValue[]): SQL[] =>
  jsonRows(rows).map(
    (json) => sql`
      SELECT m.model_id, j.value->>'key', j.value->>'value'
      FROM logged_models m, json_each(${json}) j WHERE m.model_id = ${modelId}`,
  );

/** A model with all it has. Errors: 404 for an unknown one, and for a deleted one unless those are allowed. */
export async function getModel(db: Database, id: string, allowDeleted: boolean): Promise<LoggedModel> {
  const [rows, ...data] = await db.batch([
    db
      .select(columns)
      .from(loggedModels)
      .where(and(eq(loggedModels.modelId, id), allowDeleted ? undefined : eq(loggedModels.lifecycleStage, "active"))),
    ...dataOf(db, [id]),
  ]);
  return single(id, rows, data);
}

function single(id: string, rows: LoggedModelRow[], data: Data): LoggedModel {
  const [model] = assemble(rows, data);
  if (!model) throw noSuchModel(id);
  return model;
}

/** Sets the final status. Deleted models may be finalized, as in MLflow. Errors: 404 for an unknown one. */
export async function finalizeModel(
  db: Database,
  id: string,
  status: LoggedModelStatus,
  now: number,
): Promise<LoggedModel> {
  const [rows, ...data] = await db.batch([
    db.update(loggedModels).set({ status, lastUpdateTime: now }).where(eq(loggedModels.modelId, id)).returning(columns),
    ...dataOf(db, [id]),
  ]);
  return single(id, rows, data);
}

/** Marks a model deleted; again is fine. Errors: 404 for an unknown one. */
export async function deleteModel(db: Database, id: string, now: number): Promise<void> {
  const [found] = await db.batch([
    exists(db, id),
    db
      .update(loggedModels)
      .set({ lifecycleStage: "deleted", lastUpdateTime: now })
      .where(and(eq(loggedModels.modelId, id), eq(loggedModels.lifecycleStage, "active"))),
  ]);
  if (found.length === 0) throw noSuchModel(id);
}

/** Sets tags, each key at most once in `tags`. Errors: 404 for an unknown model. */
export async function setModelTags(db: Database, id: string, tags: KeyValue[]): Promise<void> {
  const writes = entries(id, tags).map((select) =>
    db
      .insert(loggedModelTags)
      .select(select)
      .onConflictDoUpdate({
        target: [loggedModelTags.modelId, loggedModelTags.key],
        set: { value: sql`excluded.value` },
      }),
  );
  const [found] = await db.batch([exists(db, id), ...writes]);
  if (found.length === 0) throw noSuchModel(id);
}

/** Errors: 404 for an unknown model or tag. */
export async function deleteModelTag(db: Database, id: string, key: string): Promise<void> {
  const [found, deleted] = await db.batch([
    exists(db, id),
    db
      .delete(loggedModelTags)
      .where(and(eq(loggedModelTags.modelId, id), eq(loggedModelTags.key, key)))
      .returning({ key: loggedModelTags.key }),
  ]);
  if (found.length === 0) throw noSuchModel(id);
  if (deleted.length === 0) throw notFound(`No tag with key '${key}' found for model with ID '${id}'.`);
}

/** Adds params, all or none. Errors: 404 for an unknown model, 400 for a param it already has. */
export async function addModelParams(db: Database, id: string, params: KeyValue[]): Promise<void> {
  let found: { id: string }[];
  try {
    const writes = entries(id, params).map((select) => db.insert(loggedModelParams).select(select));
    [found] = await db.batch([exists(db, id), ...writes]);
  } catch (error) {
    if (!isUniqueFailure(error)) throw error;
    const keys = params.map(({ key }) => `'${key}'`).join(", ");
    throw new MlflowError("BAD_REQUEST", `Params of a logged model cannot change, and '${id}' has some of ${keys}.`);
  }
  if (found.length === 0) throw noSuchModel(id);
}

const exists = (db: Database, id: string) =>
  db.select({ id: loggedModels.modelId }).from(loggedModels).where(eq(loggedModels.modelId, id));

/** Models by their ids, in that order; those that are gone are left out. */
export async function modelsById(db: Database, ids: string[]): Promise<LoggedModel[]> {
  if (ids.length === 0) return [];
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const [rows, ...data] = await db.batch([
    db.select(columns).from(loggedModels).where(inArray(loggedModels.modelId, among)),
    ...dataOf(db, ids),
  ]);
  const found = new Map(assemble(rows, data).map((model) => [model.modelId, model]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

const columns = {
  modelId: loggedModels.modelId,
  experimentId: loggedModels.experimentId,
  name: loggedModels.name,
  artifactUri: loggedModels.artifactUri,
  status: loggedModels.status,
  statusMessage: loggedModels.statusMessage,
  modelType: loggedModels.modelType,
  sourceRunId: loggedModels.sourceRunId,
  creationTime: loggedModels.creationTime,
  lastUpdateTime: loggedModels.lastUpdateTime,
};

/** Params, tags and metrics of some models, each in the order of its primary key. */
function dataOf(db: Database, ids: string[]) {
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const { modelId, key, value } = loggedModelParams;
  const metrics = loggedModelMetrics;
  return [
    db.select({ modelId, key, value }).from(loggedModelParams).where(inArray(modelId, among)).orderBy(modelId, key),
    db
      .select()
      .from(loggedModelTags)
      .where(inArray(loggedModelTags.modelId, among))
      .orderBy(loggedModelTags.modelId, loggedModelTags.key),
    db
      .select()
      .from(metrics)
      .where(inArray(metrics.modelId, among))
      .orderBy(metrics.modelId, metrics.key, metrics.timestamp, metrics.step, metrics.runId),
  ] as const;
}

type Data = readonly [
  params: (KeyValue & { modelId: string })[],
  tags: (KeyValue & { modelId: string })[],
  metrics: (typeof loggedModelMetrics.$inferSelect)[],
];

function assemble(rows: LoggedModelRow[], data: Data): LoggedModel[] {
  const [params, tags, metrics] = [byModel(data[0]), byModel(data[1]), byModel(data[2])];
  const plain = ({ key, value }: KeyValue) => ({ key, value });
  return rows.map((row) => ({
    ...row,
    params: params.get(row.modelId)?.map(plain) ?? [],
    tags: tags.get(row.modelId)?.map(plain) ?? [],
    metrics: metrics.get(row.modelId) ?? [],
  }));
}

const byModel = <T extends { modelId: string }>(rows: T[]): Map<string, T[]> => Map.groupBy(rows, (row) => row.modelId);
