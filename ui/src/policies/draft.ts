/** A policy while it is being written: what the form's fields hold, and what that comes to. Plain functions. */
import { fits, isAmong, isPattern } from "../../../src/policies/pattern";
import type { Policy, PolicyInput, Rules } from "../api/monitor-types";
import { formatCount } from "../lib/format";

export interface PatternDraft {
  pattern: string;
  example: string;
}

/** Numbers and lists are texts, as somebody types them. */
export interface PolicyDraft {
  name: string;
  mode: Policy["mode"];
  enabled: boolean;
  experiments: string;
  experimentName: PatternDraft;
  runName: PatternDraft;
  /** `values` stand between commas; none allows all. */
  tags: { key: string; values: string }[];
  noDefault: boolean;
  longest: string;
}

/** What a problem stands beside. */
export type Field = "name" | "experiments" | "experiment_name" | "run_name" | "required_tags" | "max_param_length";
export type Problems = Partial<Record<Field | "all", string>>;

const LONGEST_MAX = 6000;

const patternDraft = (rule: Rules["run_name"]): PatternDraft => ({
  pattern: rule?.pattern ?? "",
  example: rule?.example ?? "",
});

export function draftOf(policy: PolicyInput | undefined): PolicyDraft {
  const { name = "", mode = "warn", enabled = true, experiments = "*", rules = {} } = policy ?? {};
  return {
    name,
    mode,
    enabled,
    experiments,
    experimentName: patternDraft(rules.experiment_name),
    runName: patternDraft(rules.run_name),
    tags: Object.entries(rules.required_tags ?? {}).map(([key, values]) => ({ key, values: values.join(", ") })),
    noDefault: rules.no_default_experiment ?? false,
    longest: rules.max_param_length === undefined ? "" : String(rules.max_param_length),
  };
}

export function inputOf(draft: PolicyDraft): PolicyInput {
  const pattern = ({ pattern, example }: PatternDraft) =>
    pattern === "" ? undefined : { pattern, ...(example === "" ? {} : { example }) };
  const rules: Rules = {};
  const experimentName = pattern(draft.experimentName);
  const runName = pattern(draft.runName);
  const tags = draft.tags.filter(({ key }) => key.trim() !== "");
  if (experimentName) rules.experiment_name = experimentName;
  if (runName) rules.run_name = runName;
  if (tags.length > 0) {
    rules.required_tags = Object.fromEntries(tags.map(({ key, values }) => [key.trim(), listed(values)]));
  }
  if (draft.noDefault) rules.no_default_experiment = true;
  if (draft.longest.trim() !== "") rules.max_param_length = Number(draft.longest);
  return {
    name: draft.name.trim(),
    mode: draft.mode,
    enabled: draft.enabled,
    experiments: draft.experiments.trim() || "*",
    rules,
  };
}

const listed = (values: string): string[] =>
  values
    .split(",")
    .map((value) => value.trim())
    .filter(Boolean);

/** What has to be mended before the server is asked. */
export function problemsOf(draft: PolicyDraft): Problems {
  const problems: Problems = {};
  const longest = draft.longest.trim();
  if (draft.name.trim() === "") problems.name = "A policy needs a name: refusals call it so.";
  for (const [field, rule] of [
    ["experiment_name", draft.experimentName],
    ["run_name", draft.runName],
  ] as const) {
    const problem = patternProblem(rule);
    if (problem) problems[field] = problem;
  }
  const keys = draft.tags.map(({ key }) => key.trim());
  if (draft.tags.some(({ key, values }) => key.trim() === "" && values.trim() !== "")) {
    problems.required_tags = "Values without a tag's name.";
  } else if (new Set(keys).size < keys.length) problems.required_tags = "A tag is named twice.";
  if (
    longest !== "" &&
    !(Number.isInteger(Number(longest)) && Number(longest) >= 1 && Number(longest) <= LONGEST_MAX)
  ) {
    problems.max_param_length = `A whole number from 1 to ${formatCount(LONGEST_MAX)}.`;
  }
  if (Object.keys(problems).length === 0 && Object.keys(inputOf(draft).rules).length === 0) {
    problems.all = "A policy needs a rule.";
  }
  return problems;
}

function patternProblem({ pattern, example }: PatternDraft): string | undefined {
  if (pattern === "") return example === "" ? undefined : "An example without a pattern.";
  if (!isPattern(pattern)) return "Not a regular expression.";
  return example !== "" && !fits(pattern, example) ? "The example does not match the pattern." : undefined;
}

/** Whether a name matches; undefined where there is nothing to tell. */
export function verdictOf(pattern: string, name: string): boolean | undefined {
  return pattern === "" || name === "" || !isPattern(pattern) ? undefined : fits(pattern, name);
}

/** The names that a policy is for. */
export function among(experiments: string, names: readonly string[]): string[] {
  return names.filter((name) => isAmong(experiments.trim() || "*", name));
}

/** Which field a refusal of the server names, if one. */
export function refusedField(message: string): Field | undefined {
  const [, path = ""] = /parameter '([^']+)'/.exec(message) ?? [];
  const field = path.replace(/^rules\./, "").split(".")[0];
  return FIELDS.find((one) => one === field);
}

const FIELDS: readonly Field[] = [
  "name",
  "experiments",
  "experiment_name",
  "run_name",
  "required_tags",
  "max_param_length",
];

/** The rules, a sentence each. */
export function rulesInWords(rules: Rules): string[] {
  const said: string[] = [];
  const { experiment_name, run_name, required_tags = {}, no_default_experiment, max_param_length } = rules;
  if (experiment_name) said.push(`Experiment names match ${experiment_name.pattern}`);
  if (run_name) said.push(`Run names match ${run_name.pattern}`);
  for (const [key, values] of Object.entries(required_tags)) {
    said.push(`Runs have the tag ${key}${values.length > 0 ? `: ${values.join(" or ")}` : ""}`);
  }
  if (no_default_experiment) said.push("No runs in the default experiment");
  if (max_param_length !== undefined) said.push(`Params of at most ${formatCount(max_param_length)} characters`);
  return said;
}

export const RULE_WORDS = {
  experiment_name: "experiment name",
  run_name: "run name",
  required_tags: "tag",
  no_default_experiment: "default experiment",
  max_param_length: "param",
} as const;
