/** Payloads of test deliveries, with the fields of real ones. */
import type { EventName } from "./event-names";

const model = { name: "example_model" };
const prompt = { name: "example_prompt" };
const tags = { example_key: "example_value" };
const tag = { key: "example_key", value: "example_value" };
const alias = { alias: "example_alias" };
const version = { version: "1" };
const run = {
  run_id: "0123456789abcdef0123456789abcdef",
  experiment_id: "0",
  run_name: "example-run",
  user_id: "example_user",
  start_time: 1_704_067_200_000,
};

/** The `data` of a payload. */
export const EXAMPLES: Readonly<Record<EventName, object>> = {
  "registered_model.created": { ...model, tags, description: "A model that stands for any other" },
  "model_version.created": {
    ...model,
    ...version,
    source: "models:/m-0123456789abcdef0123456789abcdef",
    run_id: run.run_id,
    tags,
    description: "A version that stands for any other",
  },
  "model_version_tag.set": { ...model, ...version, ...tag },
  "model_version_tag.deleted": { ...model, ...version, key: tag.key },
  "model_version_alias.created": { ...model, ...alias, ...version },
  "model_version_alias.deleted": { ...model, ...alias },
  "prompt.created": { ...prompt, tags, description: "A prompt that stands for any other" },
  "prompt_version.created": {
    ...prompt,
    ...version,
    template: "Summarize {{ text }}",
    tags,
    description: "A version that stands for any other",
  },
  "prompt_tag.set": { ...prompt, ...tag },
  "prompt_tag.deleted": { ...prompt, key: tag.key },
  "prompt_version_tag.set": { ...prompt, ...version, ...tag },
  "prompt_version_tag.deleted": { ...prompt, ...version, key: tag.key },
  "prompt_alias.created": { ...prompt, ...alias, ...version },
  "prompt_alias.deleted": { ...prompt, ...alias },
  "budget_policy.exceeded": {
    budget_policy_id: "bp-0123",
    budget_unit: "USD",
    budget_amount: 50,
    current_spend: 51.25,
    duration_unit: "DAYS",
    duration_value: 7,
    target_scope: "GLOBAL",
    workspace: "default",
    target_value: null,
    window_start: 1_704_067_200_000,
  },
  "run.started": { ...run, status: "RUNNING", end_time: null },
  "run.finished": { ...run, status: "FINISHED", end_time: 1_704_070_800_000 },
  "run.failed": { ...run, status: "FAILED", end_time: 1_704_070_800_000 },
};
