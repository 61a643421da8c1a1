/** Experiments: their life, tags and search. */
import { runChanged } from "../metrics/run-logs";
import { enforceExperiment } from "../policies/enforce";
import { type App, rpc } from "../wire/rpc";
import {
  checkArtifactLocation,
  checkExperimentName,
  checkExperimentTag,
  checkNewTags,
  experimentId,
  keyValues,
  wireExperiment,
} from "./experiment";
import { searchExperiments } from "./experiment-search";
import {
  createExperiment,
  deleteExperimentTag,
  getExperiment,
  getExperimentByName,
  moveExperiment,
  renameExperiment,
  setExperimentTag,
} from "./experiment-store";
import { notifyFeed } from "./feed-routes";

export function experimentRoutes(app: App): void {
  rpc(app, "createExperiment", async ({ name, artifact_location = "", tags: sent }, c) => {
    const tags = keyValues(sent);
    if (artifact_location) checkArtifactLocation(artifact_location);
    checkExperimentName(name);
    checkNewTags(name, tags);
    const marks = await enforceExperiment(c.env.DB, name);
    const experiment = { name, artifactLocation: artifact_location, tags: [...tags, ...marks], now: Date.now() };
    return { experiment_id: await createExperiment(c.get("db"), experiment) };
  });

  rpc(app, "getExperiment", async ({ experiment_id }, c) => {
    const { experiment, tags } = await getExperiment(c.get("db"), experimentId(experiment_id));
    return { experiment: wireExperiment(experiment, tags) };
  });

  rpc(app, "getExperimentByName", async ({ experiment_name }, c) => {
    const { experiment, tags } = await getExperimentByName(c.get("db"), experiment_name);
    return { experiment: wireExperiment(experiment, tags) };
  });

  rpc(app, "updateExperiment", async ({ experiment_id, new_name }, c) => {
    checkExperimentName(new_name);
    const id = experimentId(experiment_id);
    const marks = await enforceExperiment(c.env.DB, new_name);
    await renameExperiment(c.get("db"), id, new_name, Date.now());
    for (const mark of marks) await setExperimentTag(c.get("db"), id, mark);
    notifyFeed(c, { experimentId: id }, { change: "experiment_renamed", name: new_name });
    return {};
  });

  rpc(app, "deleteExperiment", async ({ experiment_id }, c) => {
    const id = experimentId(experiment_id);
    await runChanged(c.env, await moveExperiment(c.get("db"), id, "deleted", Date.now()));
    notifyFeed(c, { experimentId: id }, { change: "experiment_deleted" });
    return {};
  });

  rpc(app, "restoreExperiment", async ({ experiment_id }, c) => {
    const id = experimentId(experiment_id);
    await runChanged(c.env, await moveExperiment(c.get("db"), id, "active", Date.now()));
    notifyFeed(c, { experimentId: id }, { change: "experiment_restored" });
    return {};
  });

  rpc(app, "setExperimentTag", async ({ experiment_id, key, value = "" }, c) => {
    checkExperimentTag({ key, value });
    const id = experimentId(experiment_id);
    await setExperimentTag(c.get("db"), id, { key, value });
    notifyFeed(c, { experimentId: id }, { change: "experiment_tag_set", key, value });
    return {};
  });

  rpc(app, "deleteExperimentTag", async ({ experiment_id, key }, c) => {
    const id = experimentId(experiment_id);
    await deleteExperimentTag(c.get("db"), id, key);
    notifyFeed(c, { experimentId: id }, { change: "experiment_tag_deleted", key });
    return {};
  });

  rpc(app, "searchExperiments", (request, c) => searchExperiments(c.env.DB, request));
}
