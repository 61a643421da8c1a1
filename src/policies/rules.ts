/** The rules of policies on what is about to be written. Pure. */
import * as v from "valibot";
import { integer, text } from "../wire/schemas";
import { fits, isAmong, isPattern } from "./pattern";

const PATTERN = v.object({
  pattern: v.pipe(text, v.maxLength(500), v.check(isPattern, "not a regular expression")),
  example: v.optional(v.pipe(v.string(), v.maxLength(500))),
});

/** What a policy may ask for; what is left out is not asked for. */
export const RULES = v.object({
  experiment_name: v.optional(PATTERN),
  run_name: v.optional(PATTERN),
  /** Tags a run has from its start, with the values allowed; an empty list allows all. */
  required_tags: v.optional(v.record(text, v.array(v.string()))),
  /** No runs in the experiment that clients use who name none. */
  no_default_experiment: v.optional(v.boolean()),
  /** Characters of a param's value at most. */
  max_param_length: v.optional(integer(1, 6000)),
});

export type Rules = v.InferOutput<typeof RULES>;
export type RuleName = keyof Rules;
export const RULE_NAMES = Object.keys(RULES.entries) as RuleName[];

export interface Policy {
  name: string;
  mode: "reject" | "warn";
  /** A pattern of experiment names with `*` for anything. */
  experiments: string;
  rules: Rules;
}

export interface Violation {
  policy: Policy;
  rule: RuleName;
  /** What is wrong, and what to do instead. */
  message: string;
}

interface KeyValue {
  key: string;
  value: string;
}

const RUN_NAME_TAG = "mlflow.runName";
const DEFAULT_EXPERIMENT = "0";
/** Characters of a name that a message repeats. */
const SHOWN = 100;

/** Whether a policy is for an experiment of that name. */
export const isFor = ({ experiments }: Policy, experiment: string): boolean => isAmong(experiments, experiment);

/** An experiment's new name. */
export function experimentViolations(policies: readonly Policy[], name: string): Violation[] {
  return policies.flatMap((policy) => {
    const wanted = policy.rules.experiment_name;
    if (!wanted || !isFor(policy, name)) return [];
    return nameViolations(policy, "experiment_name", "Experiment name", name, wanted);
  });
}

/** A run that is about to be created. */
export function runViolations(
  policies: readonly Policy[],
  run: { experimentId: string; name: string; tags: readonly KeyValue[] },
): Violation[] {
  return policies.flatMap((policy): Violation[] => {
    const { no_default_experiment, required_tags = {} } = policy.rules;
    const found = nameOfRun(policy, run.name);
    if (no_default_experiment && run.experimentId === DEFAULT_EXPERIMENT) {
      const message =
        "Runs in the default experiment (id 0) are not allowed here. " +
        'Call mlflow.set_experiment("<name>") before you start a run.';
      found.push({ policy, rule: "no_default_experiment", message });
    }
    for (const [key, allowed] of Object.entries(required_tags)) {
      const tag = run.tags.findLast((t) => t.key === key);
      if (tag) found.push(...valueViolations(policy, tag, allowed));
      else {
        const values = allowed.length > 0 ? ` (one of ${list(allowed)})` : "";
        const value = allowed[0] ?? "...";
        const message =
          `A run needs the tag '${key}'${values} from its start. ` +
          `Start it with mlflow.start_run(tags={"${key}": "${value}"}).`;
        found.push({ policy, rule: "required_tags", message });
      }
    }
    return found;
  });
}

/** Tags that are about to be set on a run. */
export function tagViolations(policies: readonly Policy[], tags: readonly KeyValue[]): Violation[] {
  return policies.flatMap((policy) =>
    tags.flatMap((tag) => {
      if (tag.key === RUN_NAME_TAG) return tag.value ? nameOfRun(policy, tag.value) : [];
      const allowed = policy.rules.required_tags;
      return allowed && Object.hasOwn(allowed, tag.key) ? valueViolations(policy, tag, allowed[tag.key] ?? []) : [];
    }),
  );
}

/** Params that are about to be logged. */
export function paramViolations(policies: readonly Policy[], params: readonly KeyValue[]): Violation[] {
  return policies.flatMap((policy) => {
    const most = policy.rules.max_param_length ?? Number.POSITIVE_INFINITY;
    return params
      .filter(({ value }) => value.length > most)
      .map(({ key, value }): Violation => {
        const message =
          `Param '${shown(key)}' has ${value.length} characters; at most ${most} are allowed here. ` +
          `Log long values as a file: mlflow.log_dict(value, "${shown(key)}.json").`;
        return { policy, rule: "max_param_length", message };
      });
  });
}

const nameOfRun = (policy: Policy, name: string): Violation[] =>
  policy.rules.run_name ? nameViolations(policy, "run_name", "Run name", name, policy.rules.run_name) : [];

function nameViolations(
  policy: Policy,
  rule: "experiment_name" | "run_name",
  what: string,
  name: string,
  { pattern, example }: { pattern: string; example?: string | undefined },
): Violation[] {
  if (fits(pattern, name)) return [];
  const how = example ? `Use a name such as '${example}'` : "Choose another one";
  return [{ policy, rule, message: `${what} '${shown(name)}' does not match the pattern '${pattern}'. ${how}.` }];
}

function valueViolations(policy: Policy, { key, value }: KeyValue, allowed: readonly string[]): Violation[] {
  if (allowed.length === 0 || allowed.includes(value)) return [];
  const message = `Tag '${key}' must be one of ${list(allowed)}, not '${shown(value)}'.`;
  return [{ policy, rule: "required_tags", message }];
}

const list = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(", ");

const shown = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
