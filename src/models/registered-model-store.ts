/** Registered models in D1, with their tags. Each function is one batch, and so one transaction. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { isUniqueFailure } from "../db/failures";
import { jsonRows } from "../db/json-rows";
import { rows, transact, write } from "../db/transact";
import { WORKSPACE } from "../tracking/experiment";
import type { Waiting } from "../webhooks/events";
import { MlflowError } from "../wire/errors";
import type { KeyValue } from "./logged-model";
import { isPrompt, nameTaken, noSuchModel, type RegisteredModel } from "./registry";
import { modelCreated, modelTagDeleted, modelTagSet, told } from "./registry-events";
import { assembleModels, idOf, isNamed, isPromptModel, modelReads, named, theModel } from "./registry-sql";

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
): Promise<{ model: RegisteredModel; waiting: Waiting[] }> {
  try {
    const [[created], waiting] = await transact(db, [
      rows<{ model_id: number }>(sql`
        INSERT INTO registered_models (workspace, name, description, creation_time, last_updated_time)
        VALUES (${WORKSPACE}, ${name}, ${description}, ${now}, ${now}) RETURNING model_id`),
      ...told(db, [modelCreated(name, description, tags)], now),
      ...jsonRows(tags).map((json) =>
        write(sql`
          INSERT INTO registered_model_tags (model_id, key, value)
          SELECT ${idOf(name)}, j.value->>'key', j.value->>'value' FROM json_each(${json}) j`),
      ),
    ]);
    if (!created) throw new Error("A model was inserted without its id");
    const sorted = tags.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const times = { creation_time: now, last_updated_time: now };
    const model = { ...created, name, description, ...times, tags: sorted, aliases: [], latest: [] };
    return { model, waiting: waiting ?? [] };
  } catch (error) {
    if (!isUniqueFailure(error)) throw error;
    throw nameTaken(name, isPrompt(tags) ? "prompt" : "model", await kindOf(db, name));
  }
}

async function kindOf(db: Database, name: string): Promise<"model" | "prompt"> {
  const [[row]] = await transact(db, [rows<{ prompt: number }>(sql`SELECT ${isPromptModel(idOf(name))} AS prompt`)]);
  return row?.prompt === 1 ? "prompt" : "model";
}

/** A model with all it has. Errors: 404. */
export async function getRegisteredModel(db: Database, name: string): Promise<RegisteredModel> {
  return only(name, assembleModels(...(await transact(db, modelReads(named(name))))));
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
  const [, ...reads] = await transact(db, [
    write(sql`
      UPDATE registered_models SET description = ${description}, last_updated_time = ${now} WHERE ${isNamed(name)}`),
    ...modelReads(named(name)),
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
    const [, renamed, ...reads] = await transact(db, [
      write(sql`UPDATE model_versions SET last_updated_time = ${now} WHERE model_id = ${idOf(name)}`),
      rows(sql`
        UPDATE registered_models SET name = ${newName}, last_updated_time = ${now}
        WHERE ${isNamed(name)} RETURNING model_id`),
      ...modelReads(named(newName)),
    ]);
    if (renamed.length === 0) throw noSuchModel(name);
    return only(newName, assembleModels(...reads));
  } catch (error) {
    if (!isUniqueFailure(error)) throw error;
    throw new MlflowError(
      "RESOURCE_ALREADY_EXISTS",
      `Registered Model (name=${newName}) already exists. Error: a model or a prompt has that name.`,
    );
  }
}

/** Deletes a model with everything it has. Errors: 404. */
export async function deleteRegisteredModel(db: Database, name: string): Promise<void> {
  const parts = ["model_version_tags", "model_versions", "registered_model_aliases", "registered_model_tags"];
  const [deleted] = await transact(db, [
    ...theModel(name),
    ...parts.map((table) => write(sql`DELETE FROM ${sql.identifier(table)} WHERE model_id = ${idOf(name)}`)),
    write(sql`DELETE FROM registered_models WHERE ${isNamed(name)}`),
  ]);
  if (deleted.length === 0) throw noSuchModel(name);
}

/** Sets a tag. Errors: 404. */
export async function setRegisteredModelTag(
  db: Database,
  name: string,
  { key, value }: KeyValue,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...waiting] = await transact(db, [
    ...theModel(name),
    write(sql`
      INSERT INTO registered_model_tags (model_id, key, value)
      SELECT model_id, ${key}, ${value} FROM registered_models WHERE ${isNamed(name)}
      ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`),
    ...told(db, modelTagSet(name, { key, value }), now),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return waiting.flat();
}

/** Deletes a tag, or nothing where there is none. Errors: 404 for an unknown model. */
export async function deleteRegisteredModelTag(
  db: Database,
  name: string,
  key: string,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...waiting] = await transact(db, [
    ...theModel(name),
    write(sql`DELETE FROM registered_model_tags WHERE model_id = ${idOf(name)} AND key = ${key}`),
    ...told(db, modelTagDeleted(name, key), now),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return waiting.flat();
}
