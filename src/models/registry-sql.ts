/** Pieces of SQL that the registry's stores share: how models and versions are named and read. */
import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/transact";
import { WORKSPACE } from "../tracking/experiment";
import type { KeyValue } from "./logged-model";
import {
  type Alias,
  IS_PROMPT_TAG,
  type ModelVersion,
  type ModelVersionRow,
  type RegisteredModel,
  type RegisteredModelRow,
} from "./registry";

/** The id of the model of a name. */
export const idOf = (name: string): SQL =>
  sql`(SELECT model_id FROM registered_models WHERE workspace = ${WORKSPACE} AND name = ${name})`;

/** Whether a model of that name exists. */
export const modelExists = (name: string): SQL => sql`${idOf(name)} IS NOT NULL`;

/** Whether a version exists. */
export const versionExists = (name: string, version: number): SQL =>
  sql`EXISTS (SELECT 1 FROM model_versions WHERE model_id = ${idOf(name)} AND version = ${version})`;

/** Whether a model, given by SQL for its id, is a prompt. */
export const isPromptModel = (id: SQL): SQL =>
  sql`EXISTS (SELECT 1 FROM registered_model_tags p
    WHERE p.model_id = ${id} AND p.key = '${sql.raw(IS_PROMPT_TAG)}' AND lower(p.value) = 'true')`;

/** The model of a name, as the first statement of a batch: no row if there is none before what follows. */
export const theModel = (name: string) =>
  [rows<{ model_id: number }>(sql`SELECT model_id FROM registered_models WHERE ${isNamed(name)}`)] as const;

/** The same of a version. */
export const theVersion = (name: string, version: number) =>
  [rows<{ version: number }>(sql`SELECT v.version ${oneVersion(name, version)}`)] as const;

/** The version an alias points at; NULL without one. */
export const aliasOf = (name: string, alias: string): SQL =>
  sql`(SELECT version FROM registered_model_aliases WHERE model_id = ${idOf(name)} AND alias = ${alias})`;

/** Versions `v` of models `m`. */
const VERSIONS = sql`FROM model_versions v JOIN registered_models m ON m.model_id = v.model_id`;

/** One version, for `versionReads`. */
export const oneVersion = (name: string, version: SQL | number): SQL =>
  sql`${VERSIONS} WHERE v.model_id = ${idOf(name)} AND v.version = ${version}`;

/** The versions that meet a condition in `v` and `m`, with what comes behind it. CROSS, so that their indexes give the order. */
export const versionsWhere = (condition: SQL, tail: SQL): SQL =>
  sql`FROM model_versions v CROSS JOIN registered_models m ON m.model_id = v.model_id WHERE ${condition} ${tail}`;

/** The newest version of each stage, of the models `m` that meet a condition. None's is found from the newest backwards. */
export const latestVersions = (models: SQL): SQL => sql`
  FROM registered_models m CROSS JOIN json_each('["None","Staging","Production","Archived"]') s
    CROSS JOIN model_versions v ON v.model_id = m.model_id AND v.version = CASE s.value
      WHEN 'None' THEN (SELECT x.version FROM model_versions x WHERE x.model_id = m.model_id AND x.stage = 'None'
        ORDER BY x.version DESC LIMIT 1)
      ELSE (SELECT max(x.version) FROM model_versions x
        WHERE x.model_id = m.model_id AND x.stage = s.value AND x.stage <> 'None') END
  WHERE ${models}`;

/** The order of a model's latest versions: that of the first version each stage has, as in MLflow. */
export const BY_FIRST = sql`ORDER BY m.model_id, CASE s.value
  WHEN 'None' THEN (SELECT x.version FROM model_versions x WHERE x.model_id = m.model_id AND x.stage = 'None'
    ORDER BY x.version LIMIT 1)
  ELSE (SELECT min(x.version) FROM model_versions x
    WHERE x.model_id = m.model_id AND x.stage = s.value AND x.stage <> 'None') END`;

/** The same in a search, as in MLflow. */
export const BY_STAGE = sql`ORDER BY m.model_id, s.value`;

type Numbers = readonly (string | number)[];
type Numbered<T> = T & { model_id: number };
type TagRow = Numbered<KeyValue & { version: number }>;
type AliasRow = Numbered<Alias>;

/** Statements that read versions and their tags; `which` is FROM, WHERE and, for a page, ORDER BY and LIMIT. */
export const versionReads = (which: SQL, numbered?: Numbers) =>
  [
    rows<ModelVersionRow>(
      sql`
      SELECT v.model_id, m.name, v.version, v.creation_time, v.last_updated_time, v.description, v.stage, v.source,
        v.storage_location, v.run_id, v.run_link ${which}`,
      numbered,
    ),
    rows<TagRow>(
      sql`
      SELECT t.model_id, t.version, t.key, t.value FROM (SELECT v.model_id, v.version ${which}) page
        CROSS JOIN model_version_tags t ON t.model_id = page.model_id AND t.version = page.version
      ORDER BY t.model_id, t.version, t.key`,
      numbered,
    ),
  ] as const;

/** The aliases of models `m` that meet a condition. */
export const aliasesOf = (models: SQL, numbered?: Numbers) =>
  rows<AliasRow>(
    sql`
    SELECT a.model_id, a.alias, a.version FROM registered_models m
      CROSS JOIN registered_model_aliases a ON a.model_id = m.model_id
    WHERE ${models} ORDER BY a.model_id, a.alias`,
    numbered,
  );

const plain = ({ key, value }: KeyValue): KeyValue => ({ key, value });

/** Versions from the answers of `versionReads`, in the order they came in. */
export function assembleVersions(
  versions: ModelVersionRow[],
  tags: TagRow[],
  aliases: AliasRow[] = [],
): ModelVersion[] {
  const place = (row: { model_id: number; version: number }) => `${row.model_id}/${row.version}`;
  const tagsByVersion = Map.groupBy(tags, place);
  const aliasesByVersion = Map.groupBy(aliases, place);
  return versions.map((row) => ({
    ...row,
    tags: tagsByVersion.get(place(row))?.map(plain) ?? [],
    aliases: aliasesByVersion.get(place(row))?.map(({ alias }) => alias) ?? [],
  }));
}

/** Which model: a condition on `registered_models`, or `m`. */
export const isNamed = (name: string): SQL => sql`workspace = ${WORKSPACE} AND name = ${name}`;

export const named = (name: string): SQL => sql`m.workspace = ${WORKSPACE} AND m.name = ${name}`;

/**
 * Statements that read models whole; `models` is a condition on `m`, `tail` what comes behind it for a page, `order` that
 * of their latest versions.
 */
export const modelReads = (models: SQL, tail: SQL = sql``, numbered?: Numbers, order = BY_FIRST) => {
  const among = sql`m.model_id IN (SELECT m.model_id FROM registered_models m WHERE ${models} ${tail})`;
  return [
    rows<RegisteredModelRow>(
      sql`
      SELECT m.model_id, m.name, m.description, m.creation_time, m.last_updated_time
      FROM registered_models m WHERE ${models} ${tail}`,
      numbered,
    ),
    rows<Numbered<KeyValue>>(
      sql`
      SELECT t.model_id, t.key, t.value FROM registered_models m
        CROSS JOIN registered_model_tags t ON t.model_id = m.model_id
      WHERE ${among} ORDER BY t.model_id, t.key`,
      numbered,
    ),
    aliasesOf(among, numbered),
    ...versionReads(sql`${latestVersions(among)} ${order}`, numbered),
  ] as const;
};

/** Models from the answers of `modelReads`. Their latest versions show no aliases: those are the model's. */
export function assembleModels(
  models: RegisteredModelRow[],
  tags: Numbered<KeyValue>[],
  aliases: AliasRow[],
  versions: ModelVersionRow[],
  versionTags: TagRow[],
): RegisteredModel[] {
  const byModel = <T extends { model_id: number }>(all: T[]) => Map.groupBy(all, (one) => one.model_id);
  const [tagsByModel, aliasesByModel] = [byModel(tags), byModel(aliases)];
  const latestByModel = byModel(assembleVersions(versions, versionTags));
  return models.map((row) => ({
    ...row,
    tags: tagsByModel.get(row.model_id)?.map(plain) ?? [],
    aliases: aliasesByModel.get(row.model_id) ?? [],
    latest: latestByModel.get(row.model_id) ?? [],
  }));
}
