/** Aliases of registered models in D1. Each function is one batch, and so one transaction. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { registeredModelAliases, registeredModels } from "../db/schema";
import { eventInsert, type Waiting } from "../webhooks/events";
import { isLatest, type ModelVersion, noSuchModel, noSuchVersion } from "./registry";
import { aliasCreated, aliasDeleted } from "./registry-events";
import {
  aliasesOf,
  aliasOf,
  assembleVersions,
  idOf,
  isNamed,
  latestVersions,
  named,
  oneVersion,
  versionReads,
} from "./registry-sql";
import { noSuchAlias } from "./version-source-store";

/** Points an alias at a version, away from any other. Errors: 404 for a version that is not there. */
export async function setAlias(
  db: Database,
  name: string,
  alias: string,
  version: number,
  now: number,
): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    db.all(sql`SELECT v.version ${oneVersion(name, version)}`),
    db
      .insert(registeredModelAliases)
      .select(sql`SELECT v.model_id, ${alias}, v.version ${oneVersion(name, version)}`)
      .onConflictDoUpdate({
        target: [registeredModelAliases.modelId, registeredModelAliases.alias],
        set: { version: sql`excluded.version` },
        setWhere: sql`version <> excluded.version`,
      }),
    ...aliasCreated(name, alias, version).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return told.flat();
}

/** Deletes an alias, or nothing where there is none. Errors: 404 for an unknown model. */
export async function deleteAlias(db: Database, name: string, alias: string, now: number): Promise<Waiting[]> {
  const [found, , ...told] = await db.batch([
    db.select({ id: registeredModels.modelId }).from(registeredModels).where(isNamed(name)),
    db.delete(registeredModelAliases).where(sql`model_id = ${idOf(name)} AND alias = ${alias}`),
    ...aliasDeleted(name, alias).map((event) => eventInsert(db, event, now)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return told.flat();
}

/** The version an alias points at; `latest` is the newest of all, shown without aliases. Errors: 404, 400 for no alias. */
export async function getVersionByAlias(db: Database, name: string, alias: string): Promise<ModelVersion> {
  const which = isLatest(alias)
    ? sql`${latestVersions(named(name))} ORDER BY v.version DESC LIMIT 1`
    : oneVersion(name, aliasOf(name, alias));
  const [found, rows, tags, aliases] = await db.batch([
    db.select({ id: registeredModels.modelId }).from(registeredModels).where(isNamed(name)),
    ...versionReads(db, which),
    aliasesOf(db, named(name)),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  const [version] = assembleVersions(rows, tags, aliases);
  if (!version) throw noSuchAlias(name, alias);
  return version;
}
