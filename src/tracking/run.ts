/** Runs as plain data: how one begins, ends and looks on the wire. Pure. */
import type { latestMetrics, runs } from "../db/schema";
import type { RunStatus } from "../db/schema/runs";
import type { Messages } from "../wire/contract.generated";
import { invalid, MlflowError } from "../wire/errors";
import { pythonJson, wireDouble } from "../wire/json";
import { type KeyValue, repeatedKey } from "./experiment";
import { randomRunName } from "./run-names";

export const RUN_NAME_TAG = "mlflow.runName";

export type RunRow = typeof runs.$inferSelect;
type LatestMetric = typeof latestMetrics.$inferSelect;
type WireRun = Messages["mlflow.Run"];

export interface DatasetInput {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string | null;
  profile: string | null;
  /** JSON list of {key, value} */
  tags: string;
}

/** All that a run has beside its own row. */
export interface RunData {
  metrics: LatestMetric[];
  params: KeyValue[];
  tags: KeyValue[];
  datasets: DatasetInput[];
  modelInputs: string[];
  modelOutputs: { modelId: string; step: number }[];
}

/**
 * A new run's id: 32 hexadecimal digits, as a UUID of version 7 has them, the time first. So runs of one time lie side by
 * side in every table led by the id, and a page of them is read from few places.
 */
export function newRunId(): string {
  const random = crypto.randomUUID().replaceAll("-", "");
  return `${Date.now().toString(16).padStart(12, "0")}7${random.slice(13)}`;
}

const RUN_ID = /^[A-Za-z0-9][\w-]{0,255}$/;

/** Errors: 400 for text that can be no run's id; some calls of MLflow look at it before they look for the run. */
export function checkRunId(id: string): void {
  if (!RUN_ID.test(id)) throw invalid(`Invalid value ${pythonJson(id)} for parameter 'run_id' supplied.`);
}

/** A run that ends tells its log to publish. */
export const isTerminal = (status: RunStatus | undefined): boolean =>
  status === "FINISHED" || status === "FAILED" || status === "KILLED";

/**
 * The name and tags of a new run: the name as sent, else from the tag, else a random one; the tag is added when absent.
 * Errors: 400 for a name that differs from the tag, and for a key that comes twice.
 */
export function nameAndTags(sentName: string | undefined, sent: KeyValue[]): { name: string; tags: KeyValue[] } {
  const tagged = sent.find(({ key }) => key === RUN_NAME_TAG)?.value;
  if (sentName && tagged && sentName !== tagged) {
    throw invalid(
      "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values " +
        `(run_name='${sentName}', mlflow.runName='${tagged}').`,
    );
  }
  const name = sentName || tagged || randomRunName();
  const tags = tagged ? sent : [...sent, { key: RUN_NAME_TAG, value: name }];
  const twice = repeatedKey(tags);
  if (twice !== undefined) throw new MlflowError("BAD_REQUEST", `The tag '${twice}' is given more than once.`);
  return { name, tags };
}

/** A run's own fields as answers carry them. */
export function wireInfo(run: RunRow): Messages["mlflow.RunInfo"] {
  return {
    run_uuid: run.runId,
    experiment_id: run.experimentId,
    run_name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    // An end at 1970 is no end, as in MLflow.
    end_time: run.endTime || undefined,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycleStage,
    run_id: run.runId,
  };
}

const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

const pairs = (entries: readonly KeyValue[]): KeyValue[] => entries.map(({ key, value }) => ({ key, value }));

/** A run with its data as answers carry it. Empty lists are left out, `inputs` never is. */
export function wireRun(run: RunRow, data: RunData): WireRun {
  return {
    info: wireInfo(run),
    data: {
      metrics: some(data.metrics.map(wireMetric)),
      params: some(pairs(data.params)),
      tags: some(pairs(data.tags)),
    },
    inputs: {
      dataset_inputs: some(data.datasets.map(wireDatasetInput)),
      model_inputs: some(data.modelInputs.map((model_id) => ({ model_id }))),
    },
    outputs: { model_outputs: some(data.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step }))) },
  };
}

/** A metric as answers carry it. */
export const wireMetric = ({ key, value, isNan, timestamp, step }: LatestMetric): Messages["mlflow.Metric"] => ({
  key,
  value: isNan ? wireDouble(Number.NaN) : value,
  timestamp,
  step,
});

function wireDatasetInput(input: DatasetInput): Messages["mlflow.DatasetInput"] {
  const { name, digest, sourceType, source, schema, profile } = input;
  return {
    tags: some(JSON.parse(input.tags) as KeyValue[]),
    dataset: {
      name,
      digest,
      source_type: sourceType,
      source,
      schema: schema || undefined,
      profile: profile || undefined,
    },
  };
}
