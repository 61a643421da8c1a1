/** Aliases of registered models in D1. Each function is one batch, and so one transaction. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { transact, write } from "../db/transact";
import type { Waiting } from "../webhooks/events";
import { isLatest, type ModelVersion, noSuchModel, noSuchVersion } from "./registry";
import { aliasCreated, aliasDeleted, told } from "./registry-events";
import {
  aliasesOf,
  aliasOf,
  assembleVersions,
  idOf,
  latestVersions,
  named,
  oneVersion,
  theModel,
  theVersion,
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
  const [found, , ...waiting] = await transact(db, [
    ...theVersion(name, version),
    write(sql`
      INSERT INTO registered_model_aliases (model_id, alias, version)
      SELECT v.model_id, ${alias}, v.version ${oneVersion(name, version)}
      ON CONFLICT DO UPDATE SET version = excluded.version WHERE version <> excluded.version`),
    ...told(db, aliasCreated(name, alias, version), now),
  ]);
  if (found.length === 0) throw noSuchVersion(name, version);
  return waiting.flat();
}

/** Deletes an alias, or nothing where there is none. Errors: 404 for an unknown model. */
export async function deleteAlias(db: Database, name: string, alias: string, now: number): Promise<Waiting[]> {
  const [found, , ...waiting] = await transact(db, [
    ...theModel(name),
    write(sql`DELETE FROM registered_model_aliases WHERE model_id = ${idOf(name)} AND alias = ${alias}`),
    ...told(db, aliasDeleted(name, alias), now),
  ]);
  if (found.length === 0) throw noSuchModel(name);
  return waiting.flat();
}

/** The version an alias points at; `latest` is the newest of all. Errors: 404 for no model, 400 for no alias. */
export async function getVersionByAlias(db: Database, name: string, alias: string): Promise<ModelVersion> {
  const which = isLatest(alias)
    ? sql`${latestVersions(named(name))} ORDER BY v.version DESC LIMIT 1`
    : oneVersion(name, aliasOf(name, alias));
  const [found, ...answers] = await transact(db, [...theModel(name), ...versionReads(which), aliasesOf(named(name))]);
  if (found.length === 0) throw noSuchModel(name);
  const [version] = assembleVersions(...answers);
  if (!version) throw noSuchAlias(name, alias);
  return version;
}
