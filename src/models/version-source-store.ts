/** Looks up what a model version's source refers to. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { rows, transact } from "../db/transact";
import { invalid, type MlflowError, notFound } from "../wire/errors";
import { isLatest, noSuchModel, noSuchVersion, versionNumber } from "./registry";
import { aliasOf, isPromptModel, latestVersions, named, oneVersion } from "./registry-sql";
import { type AskedSource, noVersions, type Reference, type SourceFacts, type SourceVersion } from "./version-source";

const NOTHING: SourceFacts = { runUri: undefined, model: undefined, version: undefined };

/** What the database knows of a source. Errors: 404 and 400 for a reference to nothing, 400 for one to a prompt. */
export async function sourceFacts(
  db: Database,
  { source, runId = "", modelId = "" }: AskedSource,
  reference: Reference | undefined,
): Promise<SourceFacts> {
  if (reference) return { ...NOTHING, version: await referredVersion(db, source, reference) };
  if (runId === "" && modelId === "") return NOTHING;
  const [[run], [model]] = await transact(db, [
    rows<{ uri: string }>(sql`SELECT artifact_uri AS uri FROM runs WHERE run_id = ${runId}`),
    rows<{ artifactUri: string; sourceRunId: string }>(sql`
      SELECT artifact_uri AS "artifactUri", source_run_id AS "sourceRunId" FROM logged_models
      WHERE model_id = ${modelId} AND lifecycle_stage = 'active'`),
  ]);
  return { runUri: run?.uri, model, version: undefined };
}

async function referredVersion(db: Database, source: string, reference: Reference): Promise<SourceVersion> {
  const { name } = reference;
  const [[model], [found]] = await transact(db, [
    rows<{ prompt: number }>(sql`
      SELECT ${isPromptModel(sql`m.model_id`)} AS prompt FROM registered_models m WHERE ${named(name)}`),
    rows<{ version: number; run_id: string; storage_location: string }>(sql`
      SELECT v.version, v.run_id, v.storage_location ${referred(reference)} ORDER BY v.version DESC LIMIT 1`),
  ]);
  if (!model) throw noSuchModel(name);
  if (model.prompt === 1) {
    throw invalid(
      `Invalid model version source: '${source}'. Prompt versions cannot be used as model version sources.`,
    );
  }
  if (!found) throw missing(reference);
  return { version: found.version, runId: found.run_id, storageLocation: found.storage_location };
}

/** The versions a reference may mean; the highest is the one. */
function referred(reference: Reference): SQL {
  const { name } = reference;
  if ("version" in reference) return oneVersion(name, versionNumber(name, reference.version));
  if ("alias" in reference && !isLatest(reference.alias)) return oneVersion(name, aliasOf(name, reference.alias));
  const stage = "stage" in reference ? reference.stage : undefined;
  return latestVersions(stage === undefined ? named(name) : sql`${named(name)} AND s.value = ${stage}`);
}

function missing(reference: Reference): MlflowError {
  const { name } = reference;
  if ("version" in reference) return noSuchVersion(name, Number(reference.version));
  if ("stage" in reference) return noVersions(name, reference.stage);
  return noSuchAlias(name, reference.alias);
}

/** MLflow answers 400 for an alias that nobody set, and 404 for the one that every model with versions has. */
export const noSuchAlias = (name: string, alias: string): MlflowError =>
  isLatest(alias)
    ? notFound(`Latest version not found for model ${name}.`)
    : invalid(`Registered model alias ${alias} not found.`);
