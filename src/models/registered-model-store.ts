/** Registered models in D1, with their tags. Each function is one batch, and so one transaction. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { isUniqueFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import {
  modelVersions,
  modelVersionTags,
  registeredModelAliases,
  registeredModels,
  registeredModelTags,
} from "../db/schema";
import { WORKSPACE } from "../tracking/experiment";
import { eventInsert, type Waiting } from "../webhooks/events";
import { MlflowError } from "../wire/errors";
import type { KeyValue } from "./logged-model";
import { isPrompt, nameTaken, noSuchModel, type RegisteredModel } from "./registry";
import { modelCreated, modelTagDeleted, modelTagSet } from "./registry-events";
import { assembleModels, idOf, isNamed, isPromptModel, modelReads, named } from "./registry-sql";

export interface NewRegisteredModel {
  name: string;
  description: string;
  /** Each key once. */
  tags: KeyValue[];
  /** ms since 1970 */
  now: number;
}

/** Creates a model or prompt. Errors: 400 RESOURCE_ALREADY_EXISTS for a name that either has. */
export async function createRegisteredModel(
  db: Database,
  { name, description, tags, now }: NewRegisteredModel,
): Promise<{ model: RegisteredModel; told: Waiting[] }> {
  const insert = db
    .insert(registeredModels)
    .values({ workspace: WORKSPACE, name, description, creationTime: now, lastUpdatedTime: now })
    .returning({ model_id: registeredModels.modelId });
  const tagRows = jsonRows(tags).map((json) =>
    db.insert(registeredModelTags).select(sql`
      SELECT ${idOf(name)}, j.value->>'key', j.value->>'value' FROM json_each(${json}) j`),
  );
  try {
    const told = eventInsert(db, modelCreated(name, description, tags), now);
    const [[created], waiting] = await db.batch([insert, told, ...tagRows]);
    if (!created) throw new Error("A model was inserted without its id");
    const sorted = tags.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const times = { creation_time: now, last_updated_time: now };
    return { model: { ...created, name, description, ...times, tags: sorted, aliases: [], latest: [] }, told: waiting };
  } catch (error) {
    if (!isUniqueFailure(error)) throw error;
    const wanted = isPrompt(tags) ? "prompt" : "model";
    throw nameTaken(name, wanted, (await isPromptNow(db, name)) ? "prompt" : "model");
  }
}

async function isPromptNow(db: Database, name: string): Promise<boolean> {
  const [row] = await db.all<{ prompt: number }>(sql`SELECT ${isPromptModel(idOf(name))} AS prompt`);
  return row?.prompt === 1;
}

/** A model with all it has. Errors: 404. */
export async function getRegisteredModel(db: Database, name: string): Promise<RegisteredModel> {
  return only(name, assembleModels(...(await db.batch(modelReads(db, named(name))))));
}

function only(name: string, [model]: RegisteredModel[]): RegisteredModel {
  if (!model) throw noSuchModel(name);
  return model;
}

/** Sets the description. Errors: 404. */
export async function describeRegisteredModel(
  db: Database,
  name: string,
  description: string,
  now: number,
): Promise<RegisteredModel> {
  const [, ...reads] = await db.batch([
    db.update(registeredModels).set({ description, lastUpdatedTime: now }).where(isNamed(name)),
    ...modelReads(db, named(name)),
  ]);
  return only(name, assembleModels(...reads));
}

/**
 * Gives a model another name; its versions count as changed, as in MLflow. Errors: 404, 400 RESOURCE_ALREADY_EXISTS for a
 * name that another one has.
 */
export async function renameRegisteredModel(
  db: Database,
  name: string,
  newName: string,
  now: number,
): Promise<RegisteredModel> {
  try {
    const [, renamed, ...reads] = await db.batch([
      db
        .update(modelVersions)
        .set({ lastUpdatedTime: now })
        .where(sql`model_id = ${idOf(name)}`),
      db
        .update(registeredModels)
        .set({ name: newName, lastUpdatedTime: now })
        .where(isNamed(name))
        .returning({ id: registeredModels.modelId }),
      ...modelReads(db, named(newName)),
    ]);
    if (renamed.length === 0) throw noSuchModel(name);
    return only(newName, assembleModels(...reads));
  } catch (error) {
    if (!isUniqueFailure(error)) throw error;
    throw new MlflowError(
      "RESOURCE_ALREADY_EXISTS",
      `Registered Model (name=${newName}) already exists. Error: it is taken.`,
    );
  }
}

/** Deletes a model with everything it has. Errors: 404. */
export async function deleteRegisteredModel(db: Database, name: string): Promise<void> {
  const ofModel = sql`model_id = ${idOf(name)}`;
  const [, , , , deleted] = await db.batch([
    db.delete(modelVersionTags).where(ofModel),
    db.delete(modelVersions).where(ofModel),
    db.delete(registeredModelAliases).where(ofModel),
    db.delete(registeredModelTags).where(ofModel),
    db.delete(registeredModels).where(isNamed(name)).returning({ id: registeredModels.modelId }),
  ]);
  if (deleted.length === 0) throw noSuchModel(name);
}

const guard = (db: Database, name: string) =>
  db.select({ id: registeredModels.modelId }).from(registeredModels).where(isNamed(name));

/** Sets a tag. Errors: 404. */
export async function setRegisteredModelTag(
  db: Database,
  name: string,
  tag: KeyValue,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    guard(db, name),
    db
      .insert(registeredModelTags)
      .select(sql`SELECT model_id, ${tag.key}, ${tag.value} FROM registered_models WHERE ${isNamed(name)}`)
      .onConflictDoUpdate({
        target: [registeredModelTags.modelId, registeredModelTags.key],
        set: { value: sql`excluded.value` },
        setWhere: sql`value <> excluded.value`,
      }),
    ...modelTagSet(name, tag).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return told.flat();
}

/** Deletes a tag, or nothing where there is none. Errors: 404 for an unknown model. */
export async function deleteRegisteredModelTag(
  db: Database,
  name: string,
  key: string,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    guard(db, name),
    db.delete(registeredModelTags).where(sql`model_id = ${idOf(name)} AND key = ${key}`),
    ...modelTagDeleted(name, key).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return told.flat();
}
