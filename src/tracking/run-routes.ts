/** Runs: their life, params and tags. */
import type { LifecycleStage } from "../db/schema/experiments";
import { announceRun, type ChangedRun, runChanged } from "../metrics/run-logs";
import { MlflowError } from "../wire/errors";
import { type App, type AppContext, rpc } from "../wire/rpc";
import { experimentId, keyValues } from "./experiment";
import { notifyFeed } from "./feed-routes";
import { isTerminal, nameAndTags, newRunId, wireInfo, wireRun } from "./run";
import { getRun } from "./run-data";
import { searchRuns } from "./run-search";
import { createRun, deleteTag, moveRun, updateRun } from "./run-store";
import { checkParam, checkTag, commitRunWrites, paramWrites, tagWrites } from "./run-writes";

export function runRoutes(app: App): void {
  rpc(app, "createRun", async (request, c) => {
    const { experiment_id, run_name, user_id = "", start_time = 0 } = request;
    if (!experiment_id) throw new MlflowError("BAD_REQUEST", "Missing value for required parameter 'experiment_id'.");
    const { name, tags } = nameAndTags(run_name, keyValues(request.tags));
    const run = await createRun(c.env, c.get("db"), {
      runId: newRunId(),
      experimentId: experimentId(experiment_id),
      name,
      userId: user_id,
      startTime: start_time,
      tags,
    });
    const empty = { metrics: [], params: [], datasets: [], modelInputs: [], modelOutputs: [] };
    notifyFeed(c, run, { change: "run_created", run: wireInfo(run) });
    const { info, data, inputs } = wireRun(run, { ...empty, tags });
    return { run: { info, data, inputs } };
  });

  rpc(app, "getRun", async ({ run_id }, c) => {
    const { run, data } = await getRun(c.env, c.get("db"), run_id);
    return { run: wireRun(run, data) };
  });

  rpc(app, "updateRun", async ({ run_id, status, end_time, run_name }, c) => {
    const run = await updateRun(c.env, c.get("db"), { runId: run_id, status, endTime: end_time, name: run_name });
    const info = wireInfo(run);
    await tellOf(c, run, isTerminal(status));
    notifyFeed(c, run, { change: "run_updated", run: info });
    return { run_info: info };
  });

  rpc(app, "deleteRun", async ({ run_id }, c) => {
    await move(c, run_id, "deleted");
    return {};
  });

  rpc(app, "restoreRun", async ({ run_id }, c) => {
    await move(c, run_id, "active");
    return {};
  });

  rpc(app, "searchRuns", (request, c) => searchRuns(c.env, c.get("db"), request));

  rpc(app, "logParam", async (request, c) => {
    const params = [checkParam(request)];
    const { DB } = c.env;
    await commitRunWrites(DB, request.run_id, paramWrites(DB, request.run_id, params), { params });
    return {};
  });

  rpc(app, "setTag", async (request, c) => {
    const { DB } = c.env;
    const tag = checkTag(request);
    const place = await commitRunWrites(DB, request.run_id, tagWrites(DB, request.run_id, [tag]));
    notifyFeed(c, place, { change: "run_tags_set", run_id: request.run_id, tags: [tag] });
    return {};
  });

  rpc(app, "deleteTag", async ({ run_id, key }, c) => {
    const place = await deleteTag(c.get("db"), run_id, key);
    notifyFeed(c, place, { change: "run_tag_deleted", run_id, key });
    return {};
  });
}

/** A run's log publishes what it has where it must, before the answer; viewers of others are told after it. */
async function tellOf(c: AppContext, run: ChangedRun, mustPublish: boolean): Promise<void> {
  if (mustPublish && run.hot !== 0) return await runChanged(c.env, [run]);
  if (run.watched === 0) return;
  const told = announceRun(c.env, run);
  c.executionCtx.waitUntil(told.catch((error) => console.error("telling a run's viewers failed", error)));
}

/** Deletes or restores a run, and tells its log and all who look. */
async function move(c: AppContext, runId: string, to: LifecycleStage): Promise<void> {
  for (const run of await moveRun(c.get("db"), runId, to, Date.now())) {
    await tellOf(c, run, true);
    notifyFeed(c, run, { change: to === "active" ? "run_restored" : "run_deleted", run_id: runId });
  }
}
