/** Versions of registered models: their life, stages, tags and files. */
import { safePath } from "../artifacts/paths";
import { downloadUnder } from "../artifacts/serve";
import { DEFAULT_SEARCH_MODEL_VERSIONS } from "../limits";
import { aliasChanged } from "../monitors/tell-logs";
import { invalid } from "../wire/errors";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import { keyValues, lastOfEach } from "./logged-model";
import {
  createModelVersion,
  deleteModelVersion,
  deleteModelVersionTag,
  describeModelVersion,
  getModelVersion,
  moveModelVersion,
  setModelVersionTag,
  storageLocation,
} from "./model-version-store";
import { announce } from "./registered-model-routes";
import {
  checkArchiving,
  checkModelName,
  checkRow,
  checkTag,
  checkTagKey,
  isPrompt,
  stageOf,
  versionNumber,
  wireVersion,
} from "./registry";
import { searchModelVersions } from "./registry-search-store";
import { type AskedSource, checkSourceHost, modelOrigin, promptOrigin, referenceOf } from "./version-source";
import { sourceFacts } from "./version-source-store";

export function modelVersionRoutes(app: App): void {
  rpc(app, "createModelVersion", async (request, c) => {
    const tags = keyValues(request.tags);
    const { name, source, run_link = "", description = "" } = request;
    const { run_id = "", model_id = "" } = request;
    // The source may be kept twice: as it was sent, and as the place of the files.
    checkRow({ source: source + source, run_id, model_id, run_link, description });
    const asked = { source, runId: request.run_id, modelId: request.model_id };
    const origin = isPrompt(tags) ? promptOrigin(asked) : await originOf(c, asked);
    checkModelName(name);
    tags.forEach(checkTag);
    const { version, waiting } = await createModelVersion(c.var.db, {
      ...origin,
      name,
      runLink: run_link,
      description,
      tags: lastOfEach(tags),
      now: Date.now(),
    });
    announce(c, waiting);
    return { model_version: wireVersion(version) };
  });
  rpc(app, "getModelVersion", async ({ name, version }, c) => {
    const found = await getModelVersion(c.var.db, name, numberOf(name, version));
    return { model_version: wireVersion(found) };
  });
  rpc(app, "updateModelVersion", async ({ name, version, description = null }, c) => {
    const number = numberOf(name, version);
    checkRow({ description });
    const changed = await describeModelVersion(c.var.db, name, number, description, Date.now());
    return { model_version: wireVersion(changed) };
  });
  rpc(app, "transitionModelVersionStage", async (request, c) => {
    const { name, version, archive_existing_versions: archive = false } = request;
    const stage = stageOf(request.stage);
    checkArchiving(request.stage, stage, archive);
    const number = numberOf(name, version);
    const moved = await moveModelVersion(c.var.db, name, number, { stage, archive, now: Date.now() });
    return { model_version: wireVersion(moved) };
  });
  rpc(app, "deleteModelVersion", async ({ name, version }, c) => {
    // As in MLflow, where only deleting looks at the number first.
    const number = versionNumber(name, version);
    checkModelName(name);
    await deleteModelVersion(c.var.db, name, number, Date.now());
    aliasChanged(c.env, c.executionCtx, { model: name });
    return {};
  });

  rpc(app, "searchModelVersions", async (request, c) => {
    const limit = request.max_results ?? DEFAULT_SEARCH_MODEL_VERSIONS;
    if (limit < 1) throw invalid(`Invalid value for max_results. It must be a positive integer, but got ${limit}`);
    const { found, next_page_token } = await searchModelVersions(c.var.db, request, limit);
    return { model_versions: found.length > 0 ? found.map(wireVersion) : undefined, next_page_token };
  });

  rpc(app, "setModelVersionTag", async ({ name, version, key, value = "" }, c) => {
    const number = numberOf(name, version);
    checkTag({ key, value });
    announce(c, await setModelVersionTag(c.var.db, name, number, { key, value }, Date.now()));
    return {};
  });
  rpc(app, "deleteModelVersionTag", async ({ name, version, key }, c) => {
    const number = numberOf(name, version);
    checkTagKey(key);
    announce(c, await deleteModelVersionTag(c.var.db, name, number, key, Date.now()));
    return {};
  });

  rpc(app, "getModelVersionDownloadUri", async ({ name = "", version = "" }, c) => {
    return { artifact_uri: await storageLocation(c.var.db, name, numberOf(name, version)) };
  });
  raw(app, "serve_model_version_artifact", async (c) => {
    const path = c.req.query("path");
    if (path === undefined) throw invalid("Request must specify path.");
    const relative = safePath(path);
    const name = c.req.query("name") ?? "";
    const uri = await storageLocation(c.var.db, name, numberOf(name, c.req.query("version") ?? ""));
    return downloadUnder(c.env.ARTIFACTS, uri, relative, c.req.raw);
  });
}

async function originOf(c: AppContext, asked: AskedSource) {
  checkSourceHost(asked.source);
  const reference = referenceOf(asked.source);
  return modelOrigin(asked, reference, await sourceFacts(c.var.db, asked, reference));
}

/** The number of a version as requests name it. Errors: 400 for a bad model name or no number. */
function numberOf(name: string, version: string): number {
  checkModelName(name);
  return versionNumber(name, version);
}
