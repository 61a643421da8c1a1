/** Registered models and their versions as plain data: what may be sent, how one looks on the wire. Pure. */
import type { Stage } from "../db/schema/registry";
import { MAX_ALIAS_LENGTH, MAX_KEY_LENGTH, MAX_MODEL_NAME, MAX_REGISTRY_ROW, MAX_REGISTRY_TAG_VALUE } from "../limits";
import type { Messages } from "../wire/contract.generated";
import { invalid, MlflowError, notFound } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { checkKey, checkLength, checkPathForm } from "../wire/validate";
import type { KeyValue } from "./logged-model";

export interface Alias {
  alias: string;
  version: number;
}

/** A version as it is stored. Times in ms since 1970. */
export interface ModelVersionRow {
  model_id: number;
  name: string;
  version: number;
  creation_time: number;
  last_updated_time: number;
  description: string | null;
  stage: Stage;
  source: string;
  storage_location: string;
  run_id: string;
  run_link: string;
}

export interface ModelVersion extends ModelVersionRow {
  tags: KeyValue[];
  /** Empty where the answer shows none. */
  aliases: string[];
}

export interface RegisteredModelRow {
  model_id: number;
  name: string;
  description: string;
  creation_time: number;
  last_updated_time: number;
}

export interface RegisteredModel extends RegisteredModelRow {
  tags: KeyValue[];
  aliases: Alias[];
  /** The newest version of each stage that has one. */
  latest: ModelVersion[];
}

/** The tag that makes a registered model a prompt. */
export const IS_PROMPT_TAG = "mlflow.prompt.is_prompt";
export const PROMPT_TEXT_TAG = "mlflow.prompt.text";
export const PROMPT_TYPE_TAG = "_mlflow_prompt_type";

/** Whether tags are a prompt's; of a repeated key the last counts. */
export const isPrompt = (tags: readonly KeyValue[]): boolean =>
  tags.findLast(({ key }) => key === IS_PROMPT_TAG)?.value.toLowerCase() === "true";

export const noSuchModel = (name: string): MlflowError => notFound(`Registered Model with name=${name} not found`);

export const noSuchVersion = (name: string, version: number | string): MlflowError =>
  notFound(`Model Version (name=${name}, version=${version}) not found`);

/** Why a name can't be had, in the words clients look for. */
export function nameTaken(name: string, wanted: "model" | "prompt", existing: "model" | "prompt"): MlflowError {
  const word = (kind: string) => (kind === "prompt" ? "prompt" : "registered model");
  if (wanted === existing) {
    const entity = wanted === "prompt" ? "Prompt" : "Registered Model";
    return new MlflowError("RESOURCE_ALREADY_EXISTS", `${entity} (name=${name}) already exists.`);
  }
  return new MlflowError(
    "RESOURCE_ALREADY_EXISTS",
    `Tried to create a ${word(wanted)} with name ${pythonRepr(name)}, but the name is already taken by a ` +
      `${word(existing)}. MLflow does not allow creating a model and a prompt with the same name.`,
  );
}

/** Errors: 400 for a name that is blank or would not survive in a model URI or as a folder's name. */
export function checkModelName(name: string): void {
  if (name.trim() === "") throw invalid("Missing value for required parameter 'name'.");
  if (/[/:]/.test(name)) throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  checkPathForm(name, "name");
  checkLength("name", name, MAX_MODEL_NAME);
}

/** Errors: 400 for texts that would not fit into a row of the database together. */
export function checkRow(texts: Readonly<Record<string, string | null>>): void {
  const lengths = Object.entries(texts).map(([name, text]) => ({ name, length: text?.length ?? 0 }));
  const total = lengths.reduce((sum, { length }) => sum + length, 0);
  if (total <= MAX_REGISTRY_ROW) return;
  const longest = lengths.reduce((a, b) => (b.length > a.length ? b : a));
  throw invalid(`'${longest.name}' is too long: these texts may have ${MAX_REGISTRY_ROW} characters together.`);
}

/** Errors: as checkModelName. */
export function checkNewName(name: string): void {
  if (name.trim() === "") throw invalid("Missing value for required parameter 'new_name'.");
  checkModelName(name);
}

const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;

/**
 * A version's number from its text: whatever Python's int() reads. Errors: 400 for no integer, 404 for one that no
 * version can have.
 */
export function versionNumber(name: string, text: string): number {
  if (!INTEGER.test(text)) throw invalid(`Parameter 'version' must be an integer, got '${text}'.`);
  const digits = text
    .trim()
    .replace(/[_+]/g, "")
    .replace(/^(-?)0+(?=\d)/, "$1");
  const number = Number(digits);
  if (!Number.isSafeInteger(number)) throw noSuchVersion(name, digits);
  return number;
}

/** Errors: 400 for an alias of other characters than word characters and dashes, or a long one. */
export function checkAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]*$/u.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  }
  checkLength("Registered model alias name", alias, MAX_ALIAS_LENGTH);
}

/** Aliases that URIs give a meaning of their own can be asked for, but not set. Errors: 400. */
export function checkNewAlias(alias: string): void {
  checkAlias(alias);
  if (isLatest(alias)) throw invalid("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`);
}

/** The alias that every model has: its newest version. */
export const isLatest = (alias: string): boolean => alias.toLowerCase() === "latest";

export const STAGES: readonly Stage[] = ["None", "Staging", "Production", "Archived"];

/** Whether a name is that of a stage, in any case. */
export const isStage = (name: string, stage: Stage): boolean => name.toLowerCase() === stage.toLowerCase();

/** A stage from its name in any case. Errors: 400. */
export function stageOf(name: string): Stage {
  const stage = STAGES.find((known) => isStage(name, known));
  if (stage) return stage;
  throw invalid(`Invalid Model Version stage: ${name}. Value must be one of ${STAGES.join(", ")}.`);
}

/** Errors: 400 for a move that asks to archive the others of a stage that may have any number of versions. */
export function checkArchiving(asked: string, stage: Stage, archive: boolean): void {
  if (!archive || stage === "Staging" || stage === "Production") return;
  // MLflow answers 500, which its clients would repeat for minutes.
  throw new MlflowError(
    "INTERNAL_ERROR",
    `Model version transition cannot archive existing model versions because '${asked}' is not an Active stage. ` +
      "Valid stages are ['Staging', 'Production']",
    { status: 400 },
  );
}

/** Errors: 400 for a key that is no tag's. */
export const checkTagKey = (key: string, maxLength = Number.POSITIVE_INFINITY): void =>
  checkKey(key, "key", "key", maxLength);

/** Errors: 400 for a key or value out of MLflow's rules. */
export function checkTag({ key, value }: KeyValue): void {
  checkTagKey(key, MAX_KEY_LENGTH);
  if (key === PROMPT_TEXT_TAG && Array.from(value).length > MAX_REGISTRY_TAG_VALUE) {
    throw invalid(`Prompt text exceeds max length of ${MAX_REGISTRY_TAG_VALUE} characters.`);
  }
  checkLength("value", value, MAX_REGISTRY_TAG_VALUE);
}

/** A version in MLflow's wire form. */
export function wireVersion(v: ModelVersion): Messages["mlflow.ModelVersion"] {
  return {
    name: v.name,
    version: String(v.version),
    creation_timestamp: v.creation_time,
    last_updated_timestamp: v.last_updated_time,
    current_stage: v.stage,
    ...(v.description !== null && { description: v.description }),
    source: v.source,
    run_id: v.run_id,
    status: "READY",
    ...(v.tags.length > 0 && { tags: v.tags }),
    run_link: v.run_link,
    ...(v.aliases.length > 0 && { aliases: v.aliases }),
  };
}

/** A registered model in MLflow's wire form. */
export function wireModel(model: RegisteredModel): Messages["mlflow.RegisteredModel"] {
  const { latest, tags, aliases } = model;
  return {
    name: model.name,
    creation_timestamp: model.creation_time,
    last_updated_timestamp: model.last_updated_time,
    ...(model.description !== "" && { description: model.description }),
    ...(latest.length > 0 && { latest_versions: latest.map(wireVersion) }),
    ...(tags.length > 0 && { tags }),
    ...(aliases.length > 0 && {
      aliases: aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    }),
  };
}
