/** Experiments as plain data: ids, what may be sent, how one looks on the wire. Pure. */
import type { experiments } from "../db/schema";
import { MAX_ARTIFACT_LOCATION, MAX_CUSTOM_VIEWS, MAX_EXPERIMENT_NAME, MAX_EXPERIMENT_TAG_VALUE } from "../limits";
import type { Messages } from "../wire/contract.generated";
import { invalid, MlflowError, notFound } from "../wire/errors";
import { checkKey, checkLength } from "../wire/validate";
import { checkArchivalTag } from "./archival-tags";

/** The workspace of everything, until there are several. */
export const WORKSPACE = "default";

export interface KeyValue {
  key: string;
  value: string;
}

export type Experiment = typeof experiments.$inferSelect;

/** Entries as sent, absent parts empty. */
export const keyValues = (sent: readonly { key?: string; value?: string }[] | undefined): KeyValue[] =>
  (sent ?? []).map(({ key = "", value = "" }) => ({ key, value }));

/** The first key that comes twice. */
export function repeatedKey(entries: readonly KeyValue[]): string | undefined {
  const seen = new Set<string>();
  return entries.find(({ key }) => seen.size === seen.add(key).size)?.key;
}

const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;

/** An experiment id as it is stored: whatever Python's int() reads, in plain decimals. Errors: 400 for anything else. */
export function experimentId(text: string): string {
  if (!INTEGER.test(text)) {
    throw invalid(`Invalid experiment ID '${text}'. Experiment ID must be a valid integer.`);
  }
  return BigInt(text.replaceAll("_", "").replace("+", "")).toString();
}

export const noSuchExperiment = (id: string): MlflowError => notFound(`No Experiment with id=${id} exists`);

export const experimentNotActive = (id: string, stage: string): MlflowError =>
  invalid(`The experiment ${id} must be in the 'active' state. Current state is ${stage}.`);

export const nameTaken = (name: string, why: string): MlflowError =>
  new MlflowError("RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists. ${why}`);

/** Errors: 400 for a name that is too long. */
export const checkExperimentName = (name: string): void => checkLength("name", name, MAX_EXPERIMENT_NAME);

/** Errors: 400 for a key or value out of MLflow's rules. */
export function checkExperimentTag({ key, value }: KeyValue): void {
  checkKey(key, "key", "key");
  checkLength("value", value, MAX_EXPERIMENT_TAG_VALUE);
  checkArchivalTag(key, value);
}

/** Tags that hold the saved views of MLflow's page; an experiment has a bounded number of them. */
export const CUSTOM_VIEW_PREFIX = "mlflow.customView.view";

export const isCustomView = (key: string): boolean => key.startsWith(CUSTOM_VIEW_PREFIX);

export function tooManyViews(id?: string): MlflowError {
  const where = id === undefined ? "" : ` for experiment ${id}`;
  return invalid(
    `Unable to create another custom view${where}; the maximum number of custom views per experiment is ` +
      `${MAX_CUSTOM_VIEWS}. Delete an existing custom view before creating a new one.`,
  );
}

/** The tags of a new experiment. Errors: 400 for a bad one, a repeated key or too many saved views. */
export function checkNewTags(name: string, tags: readonly KeyValue[]): void {
  if (tags.filter(({ key }) => isCustomView(key)).length > MAX_CUSTOM_VIEWS) throw tooManyViews();
  for (const tag of tags) checkExperimentTag(tag);
  const twice = repeatedKey(tags);
  // The code and the words are MLflow's, where a repeated tag breaks the same constraint as a repeated name.
  if (twice !== undefined) throw nameTaken(name, `Error: the tag '${twice}' is given more than once.`);
}

/** Schemes whose URIs name a host that clients or servers would connect to (MLflow's list). */
const HOST_SCHEMES = new Set("ftp sftp hdfs viewfs http https mlflow-artifacts r2 b2 abfss".split(" "));

const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s;

/** The scheme of a URI that names a host to connect to; undefined for any other. */
export function hostScheme(uri: string): string | undefined {
  const [, scheme = "", rest = ""] = URI.exec(uri) ?? [];
  const named = scheme.toLowerCase();
  const names = HOST_SCHEMES.has(named) && (named !== "mlflow-artifacts" || /^\/\/[^/]/.test(rest));
  return names ? named : undefined;
}

/** Where an experiment's artifacts may be. Errors: 400 for a location that MLflow refuses. */
export function checkArtifactLocation(location: string): void {
  const [, , rest = ""] = URI.exec(location) ?? [];
  const query = rest.includes("?") ? rest.slice(rest.indexOf("?") + 1) : "";
  if (/#./s.test(rest)) throw invalid("'artifact_location' URL can't include fragments or params.");
  if (decodedFully(query).includes("..")) throw invalid("Invalid query string");
  const named = hostScheme(location);
  if (named !== undefined) {
    throw invalid(
      `'artifact_location' cannot use the '${named}' scheme: the '${named}' scheme addresses a host other than the ` +
        "tracking server's configured artifact storage, so the server would connect to the host named in the URI.",
    );
  }
  if (location.startsWith("runs:")) throw invalid(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  if (Array.from(location).length > MAX_ARTIFACT_LOCATION) {
    throw invalid(
      "Invalid artifact path length. The length of the artifact path cannot be greater than " +
        `${MAX_ARTIFACT_LOCATION} characters.`,
    );
  }
}

/** Percent-decoded until nothing changes, so that nothing hides behind a second encoding. */
function decodedFully(text: string): string {
  let before = text;
  for (let i = 0; i < 10; i++) {
    let after: string;
    try {
      after = decodeURIComponent(before);
    } catch {
      return before;
    }
    if (after === before) return after;
    before = after;
  }
  return before;
}

export type WireExperiment = Messages["mlflow.Experiment"];

/** An experiment as answers carry it. */
export function wireExperiment(row: Experiment, tags: readonly KeyValue[]): WireExperiment {
  return {
    experiment_id: row.experimentId,
    name: row.name,
    artifact_location: row.artifactLocation,
    lifecycle_stage: row.lifecycleStage,
    last_update_time: row.lastUpdateTime,
    creation_time: row.creationTime,
    tags: tags.length > 0 ? tags.map(({ key, value }) => ({ key, value })) : undefined,
    workspace: row.workspace,
  };
}
