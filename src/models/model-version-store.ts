/** Model versions in D1, with their tags. Each function is one batch, and so one transaction. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { jsonRows } from "../db/json-rows";
import type { Stage } from "../db/schema/registry";
import { rows, transact, write } from "../db/transact";
import type { Waiting } from "../webhooks/events";
import type { KeyValue } from "./logged-model";
import { type ModelVersion, noSuchModel, noSuchVersion } from "./registry";
import { told, versionCreated, versionTagDeleted, versionTagSet } from "./registry-events";
import {
  aliasesOf,
  assembleVersions,
  BY_FIRST,
  idOf,
  isNamed,
  latestVersions,
  named,
  oneVersion,
  theModel,
  theVersion,
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
): Promise<{ version: ModelVersion; waiting: Waiting[] }> {
  const { name, source, storageLocation, runId, runLink, description, tags, now } = version;
  const [[model], waiting] = await transact(db, [
    rows<{ model_id: number; last_version: number }>(sql`
      UPDATE registered_models SET last_version = last_version + 1, last_updated_time = ${now}
      WHERE ${isNamed(name)} RETURNING model_id, last_version`),
    ...told(db, [versionCreated(version)], now),
    write(sql`
      INSERT INTO model_versions (model_id, version, creation_time, last_updated_time, description, stage, source,
        storage_location, run_id, run_link)
      SELECT m.model_id, m.last_version, ${now}, ${now}, ${description}, 'None', ${source}, ${storageLocation}, ${runId},
        ${runLink} FROM registered_models m WHERE ${named(name)}`),
    ...(version.modelId === undefined ? [] : [registration(version.modelId, name)]),
    ...jsonRows(tags).map((json) =>
      write(sql`
        INSERT INTO model_version_tags (model_id, version, key, value)
        SELECT m.model_id, m.last_version, j.value->>'key', j.value->>'value'
        FROM registered_models m CROSS JOIN json_each(${json}) j WHERE ${named(name)}`),
    ),
  ]);
  if (!model) throw noSuchModel(name);
  return {
    version: {
      model_id: model.model_id,
      name,
      version: model.last_version,
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
    waiting: waiting ?? [],
  };
}

/** The tag in which a logged model lists the versions made of it: JSON as Python writes it, the version a number. */
const VERSIONS_TAG = "mlflow.modelVersions";

/** Appends the version just created to the logged model's list; text in its place that is no list gives way. */
function registration(modelId: string, name: string) {
  const start = `{"name": ${JSON.stringify(name)}, "version": `;
  const text = sql`rtrim(value, char(9, 10, 13, 32))`;
  const length = sql`CASE WHEN json_valid(value) AND json_type(value) = 'array' THEN json_array_length(value) ELSE 0 END`;
  return write(sql`
    INSERT INTO logged_model_tags (model_id, key, value)
    SELECT l.model_id, ${VERSIONS_TAG}, '[' || ${start} || m.last_version || '}]'
    FROM logged_models l CROSS JOIN registered_models m WHERE l.model_id = ${modelId} AND ${named(name)}
    ON CONFLICT DO UPDATE SET value = CASE WHEN ${length} > 0
      THEN substr(${text}, 1, length(${text}) - 1) || ', ' || substr(excluded.value, 2) ELSE excluded.value END`);
}

/** A version with all it has. Errors: 404. */
export async function getModelVersion(db: Database, name: string, version: number): Promise<ModelVersion> {
  return only(name, version, await transact(db, wholeVersion(name, version)));
}

const wholeVersion = (name: string, version: number) =>
  [...versionReads(oneVersion(name, version)), aliasesOf(sql`${named(name)} AND a.version = ${version}`)] as const;

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
  const [, ...answers] = await transact(db, [
    write(sql`
      UPDATE model_versions SET description = ${description}, last_updated_time = ${now}
      WHERE ${isVersion(name, version)}`),
    ...wholeVersion(name, version),
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
  const [, , , ...answers] = await transact(db, [
    // The condition on None is what lets the index of stages be used.
    write(sql`
      UPDATE model_versions SET stage = 'Archived', last_updated_time = ${now}
      WHERE ${archive ? 1 : 0} AND model_id = ${idOf(name)} AND stage = ${stage} AND stage <> 'None'
        AND version <> ${version} AND ${exists}`),
    write(
      sql`UPDATE model_versions SET stage = ${stage}, last_updated_time = ${now} WHERE ${isVersion(name, version)}`,
    ),
    write(sql`UPDATE registered_models SET last_updated_time = ${now} WHERE ${isNamed(name)} AND ${exists}`),
    ...wholeVersion(name, version),
  ]);
  return only(name, version, answers);
}

/** Deletes a version, its tags and the aliases that point at it. Its number stays taken. Errors: 404. */
export async function deleteModelVersion(db: Database, name: string, version: number, now: number): Promise<void> {
  const gone = isVersion(name, version);
  const [found] = await transact(db, [
    ...theVersion(name, version),
    write(sql`
      UPDATE registered_models SET last_updated_time = ${now} WHERE ${isNamed(name)} AND ${versionExists(name, version)}`),
    write(sql`DELETE FROM model_versions WHERE ${gone}`),
    write(sql`DELETE FROM model_version_tags WHERE ${gone}`),
    write(sql`DELETE FROM registered_model_aliases WHERE ${gone}`),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
}

/** Sets a tag. Errors: 404. */
export async function setModelVersionTag(
  db: Database,
  name: string,
  version: number,
  { key, value }: KeyValue,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...waiting] = await transact(db, [
    ...theVersion(name, version),
    write(sql`
      INSERT INTO model_version_tags (model_id, version, key, value)
      SELECT v.model_id, v.version, ${key}, ${value} ${oneVersion(name, version)}
      ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`),
    ...told(db, versionTagSet(name, version, { key, value }), now),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return waiting.flat();
}

/** Deletes a tag, or nothing where there is none. Errors: 404 for an unknown version. */
export async function deleteModelVersionTag(
  db: Database,
  name: string,
  version: number,
  key: string,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...waiting] = await transact(db, [
    ...theVersion(name, version),
    write(sql`DELETE FROM model_version_tags WHERE ${isVersion(name, version)} AND key = ${key}`),
    ...told(db, versionTagDeleted(name, version, key), now),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return waiting.flat();
}

/** The newest version of each of the stages, with aliases. Errors: 404 for an unknown model. */
export async function latestModelVersions(
  db: Database,
  name: string,
  stages: readonly Stage[],
): Promise<ModelVersion[]> {
  const among = sql`${named(name)} AND s.value IN (SELECT value FROM json_each(${JSON.stringify(stages)}))`;
  const [found, ...answers] = await transact(db, [
    ...theModel(name),
    ...versionReads(sql`${latestVersions(among)} ${BY_FIRST}`),
    aliasesOf(named(name)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return assembleVersions(...answers);
}

/** Where a version's files are. Errors: 404. */
export async function storageLocation(db: Database, name: string, version: number): Promise<string> {
  const [[found]] = await transact(db, [
    rows<{ storage_location: string }>(sql`SELECT v.storage_location ${oneVersion(name, version)}`),
  ]);
  if (!found) throw noSuchVersion(name, version);
  return found.storage_location;
}
