/** Runs: their life, params and tags. */
import type { LifecycleStage } from "../db/schema/experiments";
import { announceRun, type ChangedRun, runChanged } from "../metrics/run-logs";
import { enforceRun, enforceWrites } from "../policies/enforce";
import { MlflowError } from "../wire/errors";
import { type App, type AppContext, rpc } from "../wire/rpc";
import { experimentId, keyValues } from "./experiment";
import { notifyFeed } from "./feed-routes";
import { isTerminal, nameAndTags, newRunId, RUN_NAME_TAG, wireInfo, wireRun } from "./run";
import { getRun } from "./run-data";
import { searchRuns } from "./run-search";
import { createRun, deleteTag, moveRun, updateRun } from "./run-store";
import { checkParam, checkTag, commitRunWrites, paramWrites, tagWrites } from "./run-writes";

export function runRoutes(app: App): void {
  rpc(app, "createRun", async (request, c) => {
    const { experiment_id, run_name, user_id = "", start_time = 0 } = request;
    if (!experiment_id) throw new MlflowError("BAD_REQUEST", "Missing value for required parameter 'experiment_id'.");
    const { name, tags: given } = nameAndTags(run_name, keyValues(request.tags));
    const id = experimentId(experiment_id);
    const tags = [...given, ...(await enforceRun(c.env.DB, { experimentId: id, name, tags: given }))];
    const run = await createRun(c.env, c.get("db"), {
      runId: newRunId(),
      experimentId: id,
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
    const marks = run_name ? await enforceName(c.env.DB, run_id, run_name) : [];
    const run = await updateRun(c.env, c.get("db"), { runId: run_id, status, endTime: end_time, name: run_name });
    if (marks.length > 0) await commitRunWrites(c.env.DB, run_id, tagWrites(c.env.DB, run_id, marks));
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
    const marks = await enforceWrites(DB, request.run_id, { params });
    const writes = [...paramWrites(DB, request.run_id, params), ...tagWrites(DB, request.run_id, marks)];
    await commitRunWrites(DB, request.run_id, writes, { params });
    return {};
  });

  rpc(app, "setTag", async (request, c) => {
    const { DB } = c.env;
    const tag = checkTag(request);
    const tags = [tag, ...(await enforceWrites(DB, request.run_id, { tags: [tag] }))];
    const place = await commitRunWrites(DB, request.run_id, tagWrites(DB, request.run_id, tags));
    notifyFeed(c, place, { change: "run_tags_set", run_id: request.run_id, tags });
    return {};
  });

  rpc(app, "deleteTag", async ({ run_id, key }, c) => {
    const place = await deleteTag(c.get("db"), run_id, key);
    notifyFeed(c, place, { change: "run_tag_deleted", run_id, key });
    return {};
  });
}

/** What a new name of a run breaks, as tags. Errors: 400 in the words of the rule. */
const enforceName = (d1: D1Database, runId: string, name: string) =>
  enforceWrites(d1, runId, { tags: [{ key: RUN_NAME_TAG, value: name }] });

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
