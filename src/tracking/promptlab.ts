/**
 * Runs of MLflow's prompt lab: a prompt tried on its page, kept as a run with a model that asks the same again. Pure.
 */
import { invalid, MlflowError } from "../wire/errors";
import { type KeyValue, keyValues } from "./experiment";
import { checkParam, checkTag } from "./run-writes";

/** The Python a model's environment is made with: the model itself only calls out. */
const PYTHON = "3.11.7";

/** A request, checked. Times in ms since 1970. */
export interface PromptlabRun {
  experimentId: string;
  name: string;
  userId: string;
  startTime: number;
  tags: KeyValue[];
  template: string;
  promptParameters: KeyValue[];
  route: string;
  modelParameters: KeyValue[];
  input: string;
  output: string;
  outputParameters: KeyValue[];
  mlflowVersion: string;
}

const REQUIRED = [
  "experiment_id",
  "prompt_template",
  "prompt_parameters",
  "model_route",
  "model_input",
  "mlflow_version",
] as const;

/** Reads a request's body. Errors: 400 for what is missing, and for a field of a wrong type. */
export function promptlabRun(body: Readonly<Record<string, unknown>>): PromptlabRun {
  for (const field of REQUIRED) {
    if (!body[field]) throw invalid(`CreatePromptlabRun request must specify ${field}.`);
  }
  return {
    experimentId: text(body, "experiment_id"),
    name: text(body, "run_name"),
    userId: text(body, "user_id"),
    startTime: time(body.start_time),
    tags: pairs(body, "tags"),
    template: text(body, "prompt_template"),
    promptParameters: pairs(body, "prompt_parameters"),
    route: text(body, "model_route"),
    modelParameters: pairs(body, "model_parameters"),
    input: text(body, "model_input"),
    output: text(body, "model_output"),
    outputParameters: pairs(body, "model_output_parameters"),
    mlflowVersion: text(body, "mlflow_version"),
  };
}

function text(body: Readonly<Record<string, unknown>>, field: string): string {
  const value = body[field] ?? "";
  if (typeof value !== "string") throw invalid(`Invalid value for parameter '${field}' supplied: it must be a text.`);
  return value;
}

/** MLflow's page sends the time as a text. */
function time(value: unknown): number {
  const number = Number(value ?? 0);
  if (!Number.isSafeInteger(number)) throw invalid("Invalid value for parameter 'start_time' supplied.");
  return number;
}

function pairs(body: Readonly<Record<string, unknown>>, field: string): KeyValue[] {
  const value = body[field] ?? [];
  const isPair = (one: unknown): one is { key: string; value?: string } =>
    typeof one === "object" &&
    one !== null &&
    "key" in one &&
    typeof one.key === "string" &&
    (!("value" in one) || typeof one.value === "string");
  if (Array.isArray(value) && value.every(isPair)) return keyValues(value);
  throw invalid(`Invalid value for parameter '${field}' supplied: it must be a list of keys and values, all texts.`);
}

/** What the run's params are. Errors: 400 for a key that is none, or that comes twice. */
export function promptlabParams(run: PromptlabRun): KeyValue[] {
  const params = [
    ...run.modelParameters,
    { key: "model_route", value: run.route },
    { key: "prompt_template", value: run.template },
  ].map((param) => checkParam(param));
  if (new Set(params.map(({ key }) => key)).size === params.length) return params;
  throw new MlflowError("BAD_REQUEST", "A param of the run is given more than once.");
}

const TABLE = "eval_results_table.json";

/** The tags that make the page show the run's table. Errors: 400 for a bad one. */
export const promptlabTags = (run: PromptlabRun): KeyValue[] => [
  ...run.tags.map((tag) => checkTag(tag)),
  { key: "mlflow.loggedArtifacts", value: JSON.stringify([{ path: TABLE, type: "table" }]) },
  { key: "mlflow.runSourceType", value: "PROMPT_ENGINEERING" },
];

/** The model as its history tag tells of it. `created` is in ms since 1970. */
export const promptlabModel = (runId: string, modelUuid: string, created: number) => ({
  run_id: runId,
  artifact_path: "model",
  utc_time_created: new Date(created).toISOString().replace("T", " ").replace("Z", "000"),
  model_uuid: modelUuid,
  flavors: {},
});

/** The run's files by path: the table of the trial, and the model. JSON is written where MLflow has YAML, which it is. */
export function promptlabFiles(run: PromptlabRun, model: ReturnType<typeof promptlabModel>): Map<string, string> {
  const { promptParameters, outputParameters } = run;
  const table = {
    columns: [...promptParameters.map(({ key }) => key), "prompt", "output", ...outputParameters.map(({ key }) => key)],
    data: [[...promptParameters.map(valueIn), run.input, run.output, ...outputParameters.map(valueIn)]],
  };
  const inputs = promptParameters.map(({ key }) => ({ type: "string", name: key, required: true }));
  const requirement = `mlflow[gateway]==${run.mlflowVersion}`;
  const files: Record<string, unknown> = {
    "parameters.yaml": {
      model_route: run.route,
      prompt_template: run.template,
      prompt_parameters: asObject(promptParameters),
      model_parameters: asObject(run.modelParameters),
    },
    MLmodel: {
      ...model,
      mlflow_version: run.mlflowVersion,
      flavors: {
        python_function: {
          env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
          loader_module: "mlflow.prompt.promptlab_model",
          parameters_path: "parameters.yaml",
          python_version: PYTHON,
        },
      },
      saved_input_example_info: { artifact_path: "input_example.json", type: "json_object" },
      signature: {
        inputs: JSON.stringify(inputs),
        outputs: JSON.stringify([{ type: "string", name: "output", required: true }]),
        params: null,
      },
    },
    "input_example.json": { inputs: promptParameters.map(valueIn) },
    "python_env.yaml": {
      python: PYTHON,
      build_dependencies: ["pip", "setuptools", "wheel"],
      dependencies: ["-r requirements.txt"],
    },
    "conda.yaml": {
      name: "mlflow-env",
      channels: ["conda-forge"],
      dependencies: [`python=${PYTHON}`, "pip", { pip: [requirement] }],
    },
  };
  const written = Object.entries(files).map(
    ([name, value]) => [`model/${name}`, JSON.stringify(value, null, 2)] as const,
  );
  return new Map([[TABLE, JSON.stringify(table)], ...written, ["model/requirements.txt", `${requirement}\n`]]);
}

const valueIn = ({ value }: KeyValue): string => value;

const asObject = (entries: readonly KeyValue[]) => Object.fromEntries(entries.map(({ key, value }) => [key, value]));
