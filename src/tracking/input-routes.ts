/** Datasets and models that go into runs, and models that come out of them. */
import { type App, rpc } from "../wire/rpc";
import { appendToTag, logInputs, logOutputs } from "./input-store";
import { datasetRows, modelHistoryEntry } from "./inputs";
import { checkRunId } from "./run";

const MODEL_HISTORY_TAG = "mlflow.log-model.history";

export function inputRoutes(app: App): void {
  rpc(app, "logInputs", async ({ run_id, datasets = [], models = [] }, c) => {
    checkRunId(run_id);
    const modelIds = models.map(({ model_id = "" }) => model_id);
    await logInputs(c.env.DB, run_id, { ...datasetRows(datasets), models: modelIds });
    return {};
  });

  rpc(app, "logOutputs", async ({ run_id, models }, c) => {
    const outputs = models.map(({ model_id = "", step = 0 }) => ({ modelId: model_id, step }));
    await logOutputs(c.env.DB, run_id, outputs);
    return {};
  });

  rpc(app, "logModel", async ({ run_id, model_json }, c) => {
    await appendToTag(c.env.DB, run_id, MODEL_HISTORY_TAG, modelHistoryEntry(model_json));
    return {};
  });
}
