/**
 * Every page of MLflow's UI that a user of tracking and registry meets, and what has to be on it.
 *
 * @typedef {{ curves: string, runs: string[], parent: string, live: string, deleted: string, models: string,
 *   modelRuns: string[], loggedModels: string[], model: string }} Ids what data.py has logged
 * @typedef {{ name: string, path: (ids: Ids) => string, texts: string[], lines?: number,
 *   workflow?: import("./tab.mjs").Workflow }} Place `path` is the address after the #, `texts` have to be seen on the page,
 *   `lines`: so many lines are drawn in its charts at least
 */

/** @param {unknown} value */
const json = (value) => encodeURIComponent(JSON.stringify(value));
const runsOf = (/** @type {Ids} */ ids, query = "") => `/experiments/${ids.curves}/runs${query}`;
const run = (/** @type {Ids} */ ids) => `${runsOf(ids)}/${ids.runs[0]}`;
const modelRun = (/** @type {Ids} */ ids) => `/experiments/${ids.models}/runs/${ids.modelRuns[0]}`;
const loggedModel = (/** @type {Ids} */ ids) => `/experiments/${ids.models}/models/${ids.loggedModels[0]}`;
const FILTER = encodeURIComponent("metrics.loss < 0.1 and params.optimizer = 'adam'");

/** @type {Place[]} */
const TRACKING = [
  { name: "home", path: () => "/", texts: ["training curves", "iris models"] },
  { name: "experiments", path: () => "/experiments", texts: ["training curves", "iris models", "Default"] },
  {
    name: "runs",
    path: (ids) => runsOf(ids),
    texts: ["What loss does", "rate-0.05", "rate-0.005", "still-running", "has-failed", "parent", "8 matching runs"],
  },
  {
    name: "runs-filtered",
    path: (ids) => runsOf(ids, `?searchFilter=${FILTER}`),
    texts: ["rate-0.05", "2 matching runs"],
  },
  {
    name: "runs-sorted",
    path: (ids) => runsOf(ids, `?orderByKey=${encodeURIComponent("metrics.`loss`")}&orderByAsc=true`),
    texts: ["rate-0.05", "Sort: loss"],
  },
  {
    name: "runs-deleted",
    path: (ids) => runsOf(ids, "?lifecycleFilter=Deleted"),
    texts: ["was-deleted", "1 matching run"],
  },
  {
    name: "runs-charts",
    path: (ids) => runsOf(ids, "?compareRunsMode=CHART"),
    texts: ["rate-0.05", "val (2)"],
    lines: 6,
  },
  {
    name: "runs-artifacts",
    path: (ids) => runsOf(ids, "?compareRunsMode=ARTIFACT"),
    texts: ["answers.json", "question"],
  },
  {
    name: "run-overview",
    path: (ids) => run(ids),
    texts: ["rate-0.05", "A described run", "optimizer", "adam", "val/acc", "iris-frame", "fraud", "Metrics (6)"],
  },
  { name: "run-metrics", path: (ids) => `${run(ids)}/model-metrics`, texts: ["loss", "val (2)", "samples"], lines: 3 },
  {
    name: "run-system-metrics",
    path: (ids) => `${run(ids)}/system-metrics`,
    texts: ["System metrics (2)"],
    lines: 2,
  },
  { name: "run-traces", path: (ids) => `${run(ids)}/traces`, texts: ["rate-0.05", "No traces found"] },
  { name: "run-artifacts", path: (ids) => `${run(ids)}/artifacts`, texts: ["config.json", "notes", "square.png"] },
  { name: "run-live", path: (ids) => `${runsOf(ids)}/${ids.live}`, texts: ["still-running", "Running", "Metrics (1)"] },
  { name: "run-parent", path: (ids) => `${runsOf(ids)}/${ids.parent}`, texts: ["parent", "fold-0", "fold-1"] },
  { name: "run-deleted", path: (ids) => `${runsOf(ids)}/${ids.deleted}`, texts: ["was-deleted"] },
  {
    name: "run-of-model",
    path: (ids) => modelRun(ids),
    texts: ["strength-0.1", "classifier", "accuracy", "iris-classifier", "v1"],
  },
  { name: "run-of-model-artifacts", path: (ids) => `${modelRun(ids)}/artifacts`, texts: ["MLmodel", "logged model"] },
  {
    name: "compare-runs",
    path: (ids) => `/compare-runs?runs=${json(ids.runs)}&experiments=${json([ids.curves])}`,
    texts: ["Comparing 3 Runs", "rate-0.05", "rate-0.02", "optimizer", "val/acc"],
  },
  {
    name: "compare-experiments",
    path: (ids) => `/compare-experiments/s?experiments=${json([ids.curves, ids.models])}`,
    texts: ["rate-0.05", "strength-0.1", "10 matching runs"],
  },
  {
    name: "metric",
    path: (ids) =>
      `/metric?runs=${json(ids.runs)}&metric=${json("loss")}&experiments=${json([ids.curves])}&plot_metric_keys=${json(["loss"])}`,
    texts: ["Completed Runs", "3/3", "rate-0.05", "(step=199)"],
    lines: 3,
  },
];

/** @type {Place[]} */
const MODELS = [
  { name: "models", path: () => "/models", texts: ["iris-classifier", "empty-model", "@ champion : Version 2"] },
  {
    name: "model",
    path: (ids) => `/models/${ids.model}`,
    texts: ["Tells irises apart", "classification", "Version 1", "Version 2", "champion", "validated"],
  },
  { name: "model-empty", path: () => "/models/empty-model", texts: ["No version so far", "No models versions"] },
  {
    name: "model-version",
    path: (ids) => `/models/${ids.model}/versions/1`,
    texts: ["Version 1", "The first of its kind", "Staging", "strength-0.1", "Inputs (2)", "Outputs (1)"],
  },
  {
    name: "compare-versions",
    path: (ids) =>
      `/compare-model-versions?name=${json(ids.model)}&runs=${json({ 1: ids.modelRuns[0], 2: ids.modelRuns[1] })}`,
    texts: ["Comparing 2 Versions", "strength-0.1", "strength-1.0", "Schema Inputs are identical"],
  },
  {
    name: "logged-models",
    path: (ids) => `/experiments/${ids.models}/models`,
    texts: ["classifier", "Ready", "strength-1.0"],
  },
  {
    name: "logged-models-charts",
    path: (ids) => `/experiments/${ids.models}/models?viewMode=CHART`,
    texts: ["classifier", "accuracy"],
  },
  {
    name: "logged-model",
    path: (ids) => loggedModel(ids),
    texts: ["classifier", "strength", "accuracy", "iris-frame", "iris-classifier", "Ready"],
  },
  {
    name: "logged-model-artifacts",
    path: (ids) => `${loggedModel(ids)}/artifacts`,
    texts: ["MLmodel", "requirements.txt"],
  },
  { name: "logged-model-traces", path: (ids) => `${loggedModel(ids)}/traces`, texts: ["Start tracing"] },
  { name: "prompts", path: () => "/prompts", texts: ["qa-prompt", "Version 2"] },
  { name: "prompt", path: () => "/prompts/qa-prompt", texts: ["Viewing version 2", "in one sentence", "Version 1"] },
  { name: "settings", path: () => "/settings", texts: ["General", "Theme"] },
  { name: "settings-webhooks", path: () => "/settings/webhooks", texts: ["Webhooks"] },
];

/** What is not there: its pages have to say so quietly. @type {Place[]} */
const ABSENT = [
  {
    name: "overview",
    path: (ids) => `/experiments/${ids.models}/overview/usage`,
    texts: ["Traces", "No data available"],
  },
  { name: "traces", path: (ids) => `/experiments/${ids.models}/traces`, texts: ["Start tracing"] },
  { name: "sessions", path: (ids) => `/experiments/${ids.models}/chat-sessions`, texts: ["moved to the Traces tab"] },
  { name: "datasets", path: (ids) => `/experiments/${ids.models}/datasets`, texts: ["Create an evaluation dataset"] },
  { name: "evaluations", path: (ids) => `/experiments/${ids.models}/evaluation-runs`, texts: ["Evaluation runs"] },
  { name: "judges", path: (ids) => `/experiments/${ids.models}/judges`, texts: ["Create and manage judges"] },
  {
    name: "experiment-prompts",
    path: (ids) => `/experiments/${ids.models}/prompts`,
    texts: ["Create your first prompt"],
  },
  { name: "review", path: (ids) => `/experiments/${ids.models}/review-queue`, texts: ["Set up human review"] },
  { name: "playground", path: (ids) => `/experiments/${ids.models}/playground`, texts: ["Playground", "Add message"] },
  { name: "mcp-registry", path: () => "/mcp-registry", texts: ["Create MCP server"] },
  { name: "connections", path: () => "/settings/llm-connections", texts: ["LLM"] },
];

export const PLACES = [
  ...TRACKING,
  ...MODELS,
  ...ABSENT.map((place) => ({ ...place, workflow: /** @type {const} */ ("genai") })),
];

/** Artifacts as the page previews them: names to click in turn, and what is then seen. */
export const PREVIEWS = [
  { names: ["config.json"], text: '"layers"' },
  { names: ["config.yaml"], text: "optimizer: adam" },
  { names: ["readme.md"], text: "A heading of Markdown" },
  { names: ["report.html"], text: "A report in HTML" },
  { names: ["table.csv"], text: "beta" },
  { names: ["answers.json"], text: "because" },
  { names: ["notes", "hello.txt"], text: "second line of the notes" },
  { names: ["deep", "er", "weights.bin"], text: "weights.bin" },
];
