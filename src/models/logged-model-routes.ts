/** Logged models: create, finalize, get, delete, tag, search, and their artifacts. */
import { safePath } from "../artifacts/paths";
import { downloadUnder, listUnder } from "../artifacts/serve";
import { randomRunName } from "../tracking/run-names";
import { invalid, MlflowError } from "../wire/errors";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import {
  checkExperimentId,
  checkModelName,
  checkUnique,
  keyValues,
  lastOfEach,
  newModelId,
  wireModel,
} from "./logged-model";
import { searchModels } from "./logged-model-search";
import {
  addModelParams,
  createModel,
  deleteModel,
  deleteModelTag,
  finalizeModel,
  getModel,
  setModelTags,
} from "./logged-model-store";

export function loggedModelRoutes(app: App): void {
  rpc(app, "createLoggedModel", async (request, c) => {
    checkModelName(request.name ?? "");
    checkExperimentId(request.experiment_id);
    const params = keyValues(request.params);
    const tags = keyValues(request.tags);
    checkUnique("params", params);
    checkUnique("tags", tags);
    const modelId = newModelId();
    const model = await createModel(c.var.db, {
      modelId,
      experimentId: request.experiment_id,
      name: request.name || randomRunName(),
      modelType: request.model_type ?? "",
      sourceRunId: request.source_run_id ?? "",
      params,
      tags,
      now: Date.now(),
    });
    return { model: wireModel(model) };
  });
  rpc(app, "getLoggedModel", async (_request, c) => {
    const allowDeleted = c.req.query("allow_deleted")?.toLowerCase() === "true";
    return { model: wireModel(await getModel(c.var.db, pathId(c), allowDeleted)) };
  });
  rpc(app, "finalizeLoggedModel", async (request, c) => {
    checkSameModel(c, request.model_id);
    return { model: wireModel(await finalizeModel(c.var.db, pathId(c), request.status, Date.now())) };
  });
  // Deletes are raw: clients send them without a body, and so without the Content-Type an RPC asks for.
  raw(app, "deleteLoggedModel", async (c) => {
    await deleteModel(c.var.db, pathId(c), Date.now());
    return c.json({});
  });
  rpc(app, "setLoggedModelTags", async (request, c) => {
    await setModelTags(c.var.db, pathId(c), lastOfEach(keyValues(request.tags)));
    return {};
  });
  raw(app, "deleteLoggedModelTag", async (c) => {
    await deleteModelTag(c.var.db, pathId(c), c.req.param("tag_key") ?? "");
    return c.json({});
  });
  rpc(app, "LogLoggedModelParams", async (request, c) => {
    checkSameModel(c, request.model_id);
    const params = keyValues(request.params);
    checkUnique("params", params);
    await addModelParams(c.var.db, pathId(c), params);
    return {};
  });
  rpc(app, "searchLoggedModels", async (request, c) => {
    const { models, next_page_token } = await searchModels(c.var.db, request);
    return { ...(models.length > 0 && { models: models.map(wireModel) }), ...(next_page_token && { next_page_token }) };
  });

  rpc(app, "listLoggedModelArtifacts", async ({ artifact_directory_path }, c) => {
    const path = safePath(artifact_directory_path ?? "");
    const { artifactUri } = await getModel(c.var.db, pathId(c), false);
    return listUnder(c.env.ARTIFACTS, artifactUri, path);
  });
  raw(app, "serve_get_logged_model_artifact", async (c) => {
    const asked = c.req.query("artifact_file_path");
    if (!asked) {
      throw new MlflowError("BAD_REQUEST", 'Request must include the "artifact_file_path" query parameter.');
    }
    const path = safePath(asked);
    const { artifactUri } = await getModel(c.var.db, pathId(c), false);
    return downloadUnder(c.env.ARTIFACTS, artifactUri, path, c.req.raw);
  });
}

const pathId = (c: AppContext): string => c.req.param("model_id") ?? "";

/** Two routes want the id in the path and again in the body. Errors: 400 where they differ. */
function checkSameModel(c: AppContext, id: string): void {
  if (id === pathId(c)) return;
  throw invalid(`The model_id of the request, '${id}', is not that of its address, '${pathId(c)}'.`);
}
