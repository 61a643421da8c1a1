/** Datasets and models that go into runs, and models that come out of them. */
import { decodeRequest } from "../wire/decode";
import { invalid } from "../wire/errors";
import { type App, endpointsOf, raw, rpc } from "../wire/rpc";
import { experimentId } from "./experiment";
import { notifyFeed } from "./feed-routes";
import { appendToTag, datasetUses, logInputs, logOutputs } from "./input-store";
import { datasetRows, modelHistoryEntry } from "./inputs";
import { checkRunId } from "./run";

const MODEL_HISTORY_TAG = "mlflow.log-model.history";
/** Experiments of one search for datasets (MLflow's limit). */
const MAX_DATASET_EXPERIMENTS = 20;

export function inputRoutes(app: App): void {
  rpc(app, "logInputs", async ({ run_id, datasets = [], models = [] }, c) => {
    checkRunId(run_id);
    const modelIds = models.map(({ model_id = "" }) => model_id);
    const place = await logInputs(c.env.DB, run_id, { ...datasetRows(datasets), models: modelIds });
    notifyFeed(c, place, { change: "run_inputs_logged", run_id });
    return {};
  });

  rpc(app, "logOutputs", async ({ run_id, models }, c) => {
    const outputs = models.map(({ model_id = "", step = 0 }) => ({ modelId: model_id, step }));
    const place = await logOutputs(c.env.DB, run_id, outputs);
    notifyFeed(c, place, { change: "run_outputs_logged", run_id });
    return {};
  });

  rpc(app, "logModel", async ({ run_id, model_json }, c) => {
    const place = await appendToTag(c.env.DB, run_id, MODEL_HISTORY_TAG, modelHistoryEntry(model_json));
    notifyFeed(c, place, { change: "run_outputs_logged", run_id });
    return {};
  });

  // MLflow's page calls the second; the first is the same under the address MLflow's own definitions give it.
  rpc(app, "searchDatasets", ({ experiment_ids }, c) => searchDatasets(c.env.DB, experiment_ids));
  raw(app, "serve_search_datasets", async (c) => {
    const [endpoint] = endpointsOf("searchDatasets");
    const { experiment_ids } = endpoint ? await decodeRequest(endpoint, c.req.raw) : {};
    return c.json(await searchDatasets(c.env.DB, experiment_ids as string[] | undefined));
  });
}

/** The datasets that runs of some experiments used. Errors: 400 for no experiment or too many. */
async function searchDatasets(d1: D1Database, ids: readonly string[] = []) {
  if (ids.length === 0) throw invalid("SearchDatasets request must specify at least one experiment_id.");
  if (ids.length > MAX_DATASET_EXPERIMENTS) {
    throw invalid(
      `SearchDatasets request cannot specify more than ${MAX_DATASET_EXPERIMENTS} experiment_ids. ` +
        `Received ${ids.length} experiment_ids.`,
    );
  }
  const uses = await datasetUses(d1, ids.map(experimentId));
  if (uses.length === 0) return {};
  return { dataset_summaries: uses.map(({ context, ...dataset }) => ({ ...dataset, ...(context && { context }) })) };
}
