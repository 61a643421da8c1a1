/** Logged models as plain data: what a name may be, how one looks on the wire. Pure. */
import type { LoggedModelStatus } from "../db/schema/models";
import type { Messages } from "../wire/contract.generated";
import { invalid, MlflowError } from "../wire/errors";
import { pythonRepr, wireDouble } from "../wire/json";

export interface KeyValue {
  key: string;
  value: string;
}

/** A stored model. Times in ms since 1970. */
export interface LoggedModelRow {
  modelId: string;
  experimentId: string;
  name: string;
  artifactUri: string;
  status: LoggedModelStatus;
  statusMessage: string | null;
  modelType: string;
  sourceRunId: string;
  creationTime: number;
  lastUpdateTime: number;
}

export interface MetricRow {
  key: string;
  value: number;
  isNan: number;
  timestamp: number;
  step: number;
  runId: string;
  datasetName: string;
  datasetDigest: string;
}

export interface LoggedModel extends LoggedModelRow {
  params: KeyValue[];
  tags: KeyValue[];
  metrics: MetricRow[];
}

export const newModelId = (): string => `m-${crypto.randomUUID().replaceAll("-", "")}`;

/** Below the experiment's location; a query stays at the end. */
export function artifactUri(experimentLocation: string, modelId: string): string {
  const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(experimentLocation) ?? [];
  return `${path.replace(/\/+$/, "")}/models/${modelId}/artifacts${query}`;
}

/** Errors: 400 for a name that would not survive in a model URI. */
export function checkModelName(name: string): void {
  if (!/[/:.%"']/.test(name)) return;
  throw invalid(
    `Invalid model name (${pythonRepr(name)}) provided. Model name must be a non-empty string and cannot contain the ` +
      `following characters: ('/', ':', '.', '%', '"', "'")`,
  );
}

/** Errors: 400 for an id that is no decimal number. A negative one is a number, of no experiment. */
export function checkExperimentId(id: string): void {
  if (/^-?\d+$/.test(id)) return;
  throw invalid(`Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
}

/** Params or tags as sent, absent parts empty. */
export const keyValues = (sent: readonly { key?: string; value?: string }[] | undefined): KeyValue[] =>
  (sent ?? []).map(({ key = "", value = "" }) => ({ key, value }));

/** Errors: 400 for a key that comes twice; `what` names the list's kind. */
export function checkUnique(what: "params" | "tags", entries: readonly KeyValue[]): void {
  const seen = new Set<string>();
  for (const { key } of entries) {
    if (seen.has(key))
      throw new MlflowError("BAD_REQUEST", `Duplicate key '${key}' among the ${what} of a logged model.`);
    seen.add(key);
  }
}

/** The last value of each key. */
export const lastOfEach = (entries: readonly KeyValue[]): KeyValue[] => [
  ...new Map(entries.map((entry) => [entry.key, entry])).values(),
];

/** A model in MLflow's wire form. Empty lists stay away, as everywhere. */
export function wireModel(model: LoggedModel): Messages["mlflow.LoggedModel"] {
  return {
    info: {
      model_id: model.modelId,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.creationTime,
      last_updated_timestamp_ms: model.lastUpdateTime,
      artifact_uri: model.artifactUri,
      status: model.status,
      model_type: model.modelType,
      source_run_id: model.sourceRunId,
      ...(model.statusMessage !== null && { status_message: model.statusMessage }),
      ...(model.tags.length > 0 && { tags: model.tags }),
    },
    data: {
      ...(model.params.length > 0 && { params: model.params }),
      ...(model.metrics.length > 0 && { metrics: model.metrics.map((m) => wireMetric(model.modelId, m)) }),
    },
  };
}

function wireMetric(modelId: string, metric: MetricRow): Messages["mlflow.Metric"] {
  return {
    key: metric.key,
    value: wireDouble(metric.isNan === 1 ? Number.NaN : metric.value),
    timestamp: metric.timestamp,
    step: metric.step,
    ...(metric.datasetName !== "" && { dataset_name: metric.datasetName }),
    ...(metric.datasetDigest !== "" && { dataset_digest: metric.datasetDigest }),
    model_id: modelId,
    run_id: metric.runId,
  };
}
