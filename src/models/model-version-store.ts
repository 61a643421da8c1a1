/** Model versions in D1, with their tags. Each function is one batch, and so one transaction. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { jsonRows } from "../db/json-rows";
import {
  loggedModelTags,
  modelVersions,
  modelVersionTags,
  registeredModelAliases,
  registeredModels,
} from "../db/schema";
import type { Stage } from "../db/schema/registry";
import { eventInsert, type Waiting } from "../webhooks/events";
import type { KeyValue } from "./logged-model";
import { type ModelVersion, noSuchModel, noSuchVersion } from "./registry";
import { versionCreated, versionTagDeleted, versionTagSet } from "./registry-events";
import {
  aliasesOf,
  assembleVersions,
  idOf,
  isNamed,
  latestVersions,
  named,
  oneVersion,
  versionExists,
  versionReads,
} from "./registry-sql";
import type { VersionOrigin } from "./version-source";

export interface NewModelVersion extends VersionOrigin {
  name: string;
  runLink: string;
  description: string;
  /** Each key once. */
  tags: KeyValue[];
  /** ms since 1970 */
  now: number;
}

/**
 * Creates a version with the model's next number, which the model counts up in the same transaction: it is handed out
 * once, and lost with the transaction. Errors: 404 for an unknown model.
 */
export async function createModelVersion(
  db: Database,
  version: NewModelVersion,
): Promise<{ version: ModelVersion; told: Waiting[] }> {
  const { name, source, storageLocation, runId, runLink, description, tags, now } = version;
  const counted = db
    .update(registeredModels)
    .set({ lastVersion: sql`last_version + 1`, lastUpdatedTime: now })
    .where(isNamed(name))
    .returning({ modelId: registeredModels.modelId, number: registeredModels.lastVersion });
  const tagRows = jsonRows(tags).map((json) =>
    db.insert(modelVersionTags).select(sql`
      SELECT m.model_id, m.last_version, j.value->>'key', j.value->>'value'
      FROM registered_models m CROSS JOIN json_each(${json}) j WHERE ${named(name)}`),
  );
  const [[model], , told] = await db.batch([
    counted,
    db.insert(modelVersions).select(sql`
      SELECT m.model_id, m.last_version, ${now}, ${now}, ${description}, 'None', ${source}, ${storageLocation}, ${runId},
        ${runLink} FROM registered_models m WHERE ${named(name)}`),
    eventInsert(db, versionCreated(version), now),
    ...(version.modelId === undefined ? [] : [registration(db, version.modelId, name)]),
    ...tagRows,
  ]);
  if (!model) throw noSuchModel(name);
  return {
    version: {
      model_id: model.modelId,
      name,
      version: model.number,
      creation_time: now,
      last_updated_time: now,
      description,
      stage: "None",
      source,
      storage_location: storageLocation,
      run_id: runId,
      run_link: runLink,
      tags: tags.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      aliases: [],
    },
    told,
  };
}

/** The tag in which a logged model lists the versions made of it: JSON as Python writes it, the version a number. */
const VERSIONS_TAG = "mlflow.modelVersions";

/** Appends the version just created to the logged model's list; text in its place that is no list gives way. */
function registration(db: Database, modelId: string, name: string) {
  const start = `{"name": ${JSON.stringify(name)}, "version": `;
  const text = sql`rtrim(value, char(9, 10, 13, 32))`;
  const length = sql`CASE WHEN json_valid(value) AND json_type(value) = 'array' THEN json_array_length(value) ELSE 0 END`;
  return db
    .insert(loggedModelTags)
    .select(sql`
      SELECT l.model_id, ${VERSIONS_TAG}, '[' || ${start} || m.last_version || '}]'
      FROM logged_models l CROSS JOIN registered_models m WHERE l.model_id = ${modelId} AND ${named(name)}`)
    .onConflictDoUpdate({
      target: [loggedModelTags.modelId, loggedModelTags.key],
      set: {
        value: sql`CASE WHEN ${length} > 0
          THEN substr(${text}, 1, length(${text}) - 1) || ', ' || substr(excluded.value, 2) ELSE excluded.value END`,
      },
    });
}

/** A version with all it has. Errors: 404. */
export async function getModelVersion(db: Database, name: string, version: number): Promise<ModelVersion> {
  return only(name, version, await db.batch(wholeVersion(db, name, version)));
}

const wholeVersion = (db: Database, name: string, version: number) =>
  [
    ...versionReads(db, oneVersion(name, version)),
    aliasesOf(db, sql`${named(name)} AND a.version = ${version}`),
  ] as const;

function only(name: string, version: number, answers: Readonly<Parameters<typeof assembleVersions>>): ModelVersion {
  const [found] = assembleVersions(...answers);
  if (!found) throw noSuchVersion(name, version);
  return found;
}

const isVersion = (name: string, version: number): SQL => sql`model_id = ${idOf(name)} AND version = ${version}`;

/** Sets the description; null takes it away. Errors: 404. */
export async function describeModelVersion(
  db: Database,
  name: string,
  version: number,
  description: string | null,
  now: number,
): Promise<ModelVersion> {
  const [, ...answers] = await db.batch([
    db.update(modelVersions).set({ description, lastUpdatedTime: now }).where(isVersion(name, version)),
    ...wholeVersion(db, name, version),
  ]);
  return only(name, version, answers);
}

/** Moves a version to a stage, and with `archive` the others of that stage to Archived. Errors: 404; then nothing moves. */
export async function moveModelVersion(
  db: Database,
  name: string,
  version: number,
  { stage, archive, now }: { stage: Stage; archive: boolean; now: number },
): Promise<ModelVersion> {
  const exists = versionExists(name, version);
  const others = sql`model_id = ${idOf(name)} AND stage = ${stage} AND stage <> 'None' AND version <> ${version}`;
  const [, , ...answers] = await db.batch([
    db.update(modelVersions).set({ stage, lastUpdatedTime: now }).where(isVersion(name, version)),
    db
      .update(registeredModels)
      .set({ lastUpdatedTime: now })
      .where(sql`${isNamed(name)} AND ${exists}`),
    ...wholeVersion(db, name, version),
    ...(archive ? [archiveAll(db, sql`${others} AND ${exists}`, now)] : []),
  ]);
  return only(name, version, [answers[0], answers[1], answers[2]]);
}

const archiveAll = (db: Database, which: SQL, now: number) =>
  db.update(modelVersions).set({ stage: "Archived", lastUpdatedTime: now }).where(which);

/** Deletes a version, its tags and the aliases that point at it. Its number stays taken. Errors: 404. */
export async function deleteModelVersion(db: Database, name: string, version: number, now: number): Promise<void> {
  const gone = isVersion(name, version);
  const [, deleted] = await db.batch([
    db
      .update(registeredModels)
      .set({ lastUpdatedTime: now })
      .where(sql`${isNamed(name)} AND ${versionExists(name, version)}`),
    db.delete(modelVersions).where(gone).returning({ version: modelVersions.version }),
    db.delete(modelVersionTags).where(gone),
    db.delete(registeredModelAliases).where(gone),
  ]);
  if (deleted.length === 0) throw noSuchVersion(name, version);
}

const guard = (db: Database, name: string, version: number) =>
  db.select({ version: modelVersions.version }).from(modelVersions).where(isVersion(name, version));

/** Sets a tag. Errors: 404. */
export async function setModelVersionTag(
  db: Database,
  name: string,
  version: number,
  tag: KeyValue,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    guard(db, name, version),
    db
      .insert(modelVersionTags)
      .select(
        sql`SELECT model_id, version, ${tag.key}, ${tag.value} FROM model_versions WHERE ${isVersion(name, version)}`,
      )
      .onConflictDoUpdate({
        target: [modelVersionTags.modelId, modelVersionTags.version, modelVersionTags.key],
        set: { value: sql`excluded.value` },
        setWhere: sql`value <> excluded.value`,
      }),
    ...versionTagSet(name, version, tag).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return told.flat();
}

/** Deletes a tag, or nothing where there is none. Errors: 404 for an unknown version. */
export async function deleteModelVersionTag(
  db: Database,
  name: string,
  version: number,
  key: string,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    guard(db, name, version),
    db.delete(modelVersionTags).where(sql`${isVersion(name, version)} AND key = ${key}`),
    ...versionTagDeleted(name, version, key).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return told.flat();
}

/** The newest version of each of the stages, with aliases. Errors: 404 for an unknown model. */
export async function latestModelVersions(
  db: Database,
  name: string,
  stages: readonly Stage[],
): Promise<ModelVersion[]> {
  const among = sql`${named(name)} AND s.value IN (SELECT value FROM json_each(${JSON.stringify(stages)}))`;
  const [found, ...answers] = await db.batch([
    db.select({ id: registeredModels.modelId }).from(registeredModels).where(isNamed(name)),
    ...versionReads(db, sql`${latestVersions(among)} ORDER BY v.version`),
    aliasesOf(db, named(name)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return assembleVersions(...answers);
}

/** Where a version's files are. Errors: 404. */
export async function storageLocation(db: Database, name: string, version: number): Promise<string> {
  const [found] = await db
    .select({ location: modelVersions.storageLocation })
    .from(modelVersions)
    .where(isVersion(name, version));
  if (!found) throw noSuchVersion(name, version);
  return found.location;
}
