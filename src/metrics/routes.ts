/** Logging metrics, alone and in batches with params and tags. */
import { explainModelFailure, modelMetricWrites } from "../models/model-metrics";
import { enforceWrites } from "../policies/enforce";
import { notifyFeed } from "../tracking/feed-routes";
import { checkRunId } from "../tracking/run";
import { checkParam, checkTag, commitRunWrites, paramWrites, tagWrites } from "../tracking/run-writes";
import { MlflowError } from "../wire/errors";
import { type App, type AppContext, rpc } from "../wire/rpc";
import {
  checkCounts,
  checkDuplicateParams,
  checkMetrics,
  checkPresent,
  checkValues,
  type MetricInput,
  packMetrics,
} from "./batch";
import { historyRoutes } from "./history-routes";
import { liveRoutes } from "./live-routes";
import { appendPack, withLog } from "./run-logs";
import { runMetricRoutes } from "./run-metric-routes";
import { seriesRoutes } from "./series-routes";
import { statsRoutes } from "./stats-routes";

export function metricRoutes(app: App): void {
  rpc(app, "logMetric", async (request, c) => {
    const { run_id, key, value, timestamp, step, model_id, dataset_name, dataset_digest } = request;
    const metric = { key, value, timestamp, step, model_id, dataset_name, dataset_digest };
    await countingRejected(c, run_id, 1, async () => {
      checkPresent([metric], false);
      // A run that is not there counts before what is wrong with a model's metric, as in MLflow.
      const metrics = await orOfRun(c, model_id && run_id, () => checkValues([metric as MetricInput], false));
      await logBatch(c, run_id, { metrics });
    });
    return {};
  });

  rpc(app, "logBatch", async (request, c) => {
    const { run_id, metrics = [], params = [], tags = [] } = request;
    await countingRejected(c, run_id, metrics.length, async () => {
      const checked = checkMetrics(metrics, true);
      const checkedParams = params.map((p, i) => checkParam(p, `params[${i}].`));
      const checkedTags = tags.map((t, i) => checkTag(t, `tags[${i}].`));
      checkRunId(run_id);
      checkCounts(metrics.length, params.length, tags.length);
      checkDuplicateParams(checkedParams);
      await logBatch(c, run_id, { metrics: checked, params: checkedParams, tags: checkedTags });
    });
    return {};
  });

  historyRoutes(app);
  runMetricRoutes(app);
  liveRoutes(app);
  seriesRoutes(app);
  statsRoutes(app);
}

/** Does `work`; should it refuse something, but the run is not there or not active, that is the error. */
async function orOfRun<T>(c: AppContext, runId: string | undefined, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (runId) await commitRunWrites(c.env.DB, runId, []);
    throw error;
  }
}

/** Does `work`; should it be refused, the run's counters say so. */
async function countingRejected(c: AppContext, runId: string, count: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof MlflowError && error.status < 500 && error.status !== 404 && count > 0) {
      const counted = withLog(c.env, runId, (log) => log.countRejected(count));
      c.executionCtx.waitUntil(counted.catch((e) => console.error("counting a rejected request failed", e)));
    }
    throw error;
  }
}

interface Batch {
  metrics: MetricInput[];
  params?: { key: string; value: string }[];
  tags?: { key: string; value: string }[];
}

/**
 * All or nothing: params, tags and the metrics of models commit in one transaction first, which fails whole; then the
 * metrics are appended. Should the log refuse them, repeating the request is free: what is there stays as it is.
 */
async function logBatch(c: AppContext, runId: string, batch: Batch): Promise<void> {
  const { metrics, params = [] } = batch;
  const d1 = c.env.DB;
  const tags = [...(batch.tags ?? []), ...(await enforceWrites(d1, runId, batch))];
  const ofModels = metrics.filter((m) => m.model_id);
  const writes = [
    ...paramWrites(d1, runId, params),
    ...tagWrites(d1, runId, tags),
    ...modelMetricWrites(d1, runId, ofModels as (MetricInput & { model_id: string })[]),
  ];
  if (writes.length > 0 || metrics.length === 0) {
    try {
      const place = await commitRunWrites(d1, runId, writes, { params, batch: true });
      if (tags.length > 0) notifyFeed(c, place, { change: "run_tags_set", run_id: runId, tags });
    } catch (error) {
      throw (await explainModelFailure(d1, ofModels)) ?? error;
    }
  }
  if (metrics.length > 0) await appendPack(c.env, runId, packMetrics(metrics));
}
