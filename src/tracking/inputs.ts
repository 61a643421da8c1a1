/** What goes into a run and comes out of it, as it is stored. Pure. */
import {
  MAX_DATASET_DIGEST,
  MAX_DATASET_NAME,
  MAX_DATASET_PROFILE,
  MAX_DATASET_SCHEMA,
  MAX_DATASET_SOURCE,
  MAX_INPUT_TAG_KEY,
  MAX_INPUT_TAG_VALUE,
} from "../limits";
import type { Messages } from "../wire/contract.generated";
import { invalid, MlflowError } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { checkLength } from "../wire/validate";
import { type KeyValue, keyValues, repeatedKey } from "./experiment";

/** The input tag that says what a dataset was used for. */
const CONTEXT_TAG = "mlflow.data.context";

export interface DatasetRow {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
}

export interface DatasetInputRow {
  name: string;
  digest: string;
  context: string | null;
  /** JSON list of {key, value}, by key */
  tags: string;
}

/**
 * Datasets and their links to a run, each (name, digest) once: the first stays, as in MLflow. Absent texts are empty.
 * Errors: 400 for one that is too long and for a repeated tag.
 */
export function datasetRows(sent: readonly Messages["mlflow.DatasetInput"][]): {
  datasets: DatasetRow[];
  inputs: DatasetInputRow[];
} {
  const datasets = new Map<string, DatasetRow>();
  const inputs = new Map<string, DatasetInputRow>();
  for (const { dataset = {}, tags: sentTags } of sent) {
    const { name = "", digest = "", source_type = "", source = "", schema, profile } = dataset;
    checkLength("name", name, MAX_DATASET_NAME);
    checkLength("digest", digest, MAX_DATASET_DIGEST);
    checkLength("source", source, MAX_DATASET_SOURCE);
    checkLength("schema", schema ?? "", MAX_DATASET_SCHEMA);
    checkLength("profile", profile ?? "", MAX_DATASET_PROFILE);
    const tags = inputTags(sentTags);
    const id = JSON.stringify([name, digest]);
    if (datasets.has(id)) continue;
    datasets.set(id, { name, digest, source_type, source, schema: schema ?? null, profile: profile ?? null });
    const context = tags.find(({ key }) => key === CONTEXT_TAG)?.value ?? null;
    inputs.set(id, { name, digest, context, tags: JSON.stringify(tags) });
  }
  return { datasets: [...datasets.values()], inputs: [...inputs.values()] };
}

function inputTags(sent: readonly Messages["mlflow.InputTag"][] | undefined): KeyValue[] {
  const tags = keyValues(sent);
  for (const { key, value } of tags) {
    checkLength("key", key, MAX_INPUT_TAG_KEY);
    checkLength("value", value, MAX_INPUT_TAG_VALUE);
  }
  const twice = repeatedKey(tags);
  if (twice !== undefined) throw new MlflowError("BAD_REQUEST", `The input tag '${twice}' is given more than once.`);
  return tags.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const MODEL_FIELDS = ["artifact_path", "flavors", "utc_time_created", "run_id"];

/**
 * The entry that log-model appends to a run's `mlflow.log-model.history`: the model's identity and its flavors without
 * their configuration. Errors: 400 for text that is no JSON object or lacks a field.
 */
export function modelHistoryEntry(modelJson: string): string {
  let model: unknown;
  try {
    model = JSON.parse(modelJson);
  } catch {
    throw invalid(`Malformed model info. \n ${modelJson} \n is not a valid JSON.`);
  }
  if (!isObject(model)) throw invalid("Malformed model info: it must be a JSON object.");
  const missing = MODEL_FIELDS.filter((field) => !(field in model));
  if (missing.length > 0) {
    throw invalid(`Model json is missing mandatory fields: {${missing.map(pythonRepr).join(", ")}}`);
  }
  if (!isObject(model.flavors)) throw invalid("Malformed model info: 'flavors' must be a JSON object.");
  const { run_id, artifact_path, utc_time_created, model_uuid = null, flavors } = model;
  const described = Object.entries(flavors).map(([name, flavor]) => [name, withoutConfig(flavor)]);
  return JSON.stringify({
    run_id,
    artifact_path,
    utc_time_created,
    model_uuid,
    flavors: Object.fromEntries(described),
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function withoutConfig(flavor: unknown): unknown {
  if (!isObject(flavor)) return flavor;
  const { config: _, ...rest } = flavor;
  return rest;
}
