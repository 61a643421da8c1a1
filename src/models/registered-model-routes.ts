/** Registered models: their life, tags, aliases and latest versions. */
import { DEFAULT_SEARCH_REGISTERED_MODELS } from "../limits";
import { aliasChanged } from "../monitors/tell-logs";
import { pokeOutbox, type Waiting } from "../webhooks/events";
import { type App, type AppContext, rpc } from "../wire/rpc";
import { checkMaxResults } from "../wire/validate";
import { keyValues, lastOfEach } from "./logged-model";
import { deleteAlias, getVersionByAlias, setAlias } from "./model-alias-store";
import { latestModelVersions } from "./model-version-store";
import {
  createRegisteredModel,
  deleteRegisteredModel,
  deleteRegisteredModelTag,
  describeRegisteredModel,
  getRegisteredModel,
  renameRegisteredModel,
  setRegisteredModelTag,
} from "./registered-model-store";
import {
  checkAlias,
  checkModelName,
  checkNewAlias,
  checkNewName,
  checkRow,
  checkTag,
  checkTagKey,
  isStage,
  STAGES,
  stageOf,
  versionNumber,
  wireModel,
  wireVersion,
} from "./registry";
import { searchRegisteredModels } from "./registry-search-store";

/** Has the webhooks delivered that listen to a change. */
export function announce(c: AppContext, waiting: readonly Waiting[]): void {
  pokeOutbox(c.env, c.executionCtx, waiting);
}

export function registeredModelRoutes(app: App): void {
  rpc(app, "createRegisteredModel", async ({ name, description = "", tags: sent }, c) => {
    checkModelName(name);
    checkRow({ description });
    const all = keyValues(sent);
    all.forEach(checkTag);
    const { model, waiting } = await createRegisteredModel(c.var.db, {
      name,
      description,
      tags: lastOfEach(all),
      now: Date.now(),
    });
    announce(c, waiting);
    return { registered_model: wireModel(model) };
  });
  rpc(app, "getRegisteredModel", async ({ name }, c) => {
    checkModelName(name);
    return { registered_model: wireModel(await getRegisteredModel(c.var.db, name)) };
  });
  rpc(app, "updateRegisteredModel", async ({ name, description = "" }, c) => {
    checkModelName(name);
    checkRow({ description });
    return { registered_model: wireModel(await describeRegisteredModel(c.var.db, name, description, Date.now())) };
  });
  rpc(app, "renameRegisteredModel", async ({ name, new_name }, c) => {
    checkNewName(new_name);
    checkModelName(name);
    const renamed = await renameRegisteredModel(c.var.db, name, new_name, Date.now());
    for (const model of [name, new_name]) aliasChanged(c.env, c.executionCtx, { model });
    return { registered_model: wireModel(renamed) };
  });
  rpc(app, "deleteRegisteredModel", async ({ name }, c) => {
    checkModelName(name);
    await deleteRegisteredModel(c.var.db, name);
    aliasChanged(c.env, c.executionCtx, { model: name });
    return {};
  });
  rpc(app, "searchRegisteredModels", async (request, c) => {
    const limit = request.max_results ?? DEFAULT_SEARCH_REGISTERED_MODELS;
    checkMaxResults(limit);
    const { found, next_page_token } = await searchRegisteredModels(c.var.db, request, limit);
    const registered_models = found.length > 0 ? found.map(wireModel) : undefined;
    return { registered_models, next_page_token };
  });
  rpc(app, "getLatestVersions", async ({ name, stages = [] }, c) => {
    checkModelName(name);
    const wanted = STAGES.filter((stage) => stages.length === 0 || stages.some((asked) => isStage(asked, stage)));
    const versions = await latestModelVersions(c.var.db, name, wanted);
    // A model that is not there is told of before a stage that there is not, as in MLflow.
    stages.forEach(stageOf);
    return versions.length > 0 ? { model_versions: versions.map(wireVersion) } : {};
  });

  rpc(app, "setRegisteredModelTag", async ({ name, key, value = "" }, c) => {
    checkModelName(name);
    checkTag({ key, value });
    announce(c, await setRegisteredModelTag(c.var.db, name, { key, value }, Date.now()));
    return {};
  });
  rpc(app, "deleteRegisteredModelTag", async ({ name, key }, c) => {
    checkModelName(name);
    checkTagKey(key);
    announce(c, await deleteRegisteredModelTag(c.var.db, name, key, Date.now()));
    return {};
  });

  rpc(app, "setRegisteredModelAlias", async ({ name, alias, version }, c) => {
    checkModelName(name);
    checkNewAlias(alias);
    announce(c, await setAlias(c.var.db, name, alias, versionNumber(name, version), Date.now()));
    aliasChanged(c.env, c.executionCtx, { model: name, alias });
    return {};
  });
  rpc(app, "deleteRegisteredModelAlias", async ({ name, alias }, c) => {
    checkModelName(name);
    checkAlias(alias);
    announce(c, await deleteAlias(c.var.db, name, alias, Date.now()));
    aliasChanged(c.env, c.executionCtx, { model: name, alias });
    return {};
  });
  rpc(app, "getModelVersionByAlias", async ({ name, alias }, c) => {
    checkModelName(name);
    checkAlias(alias);
    return { model_version: wireVersion(await getVersionByAlias(c.var.db, name, alias)) };
  });
}
