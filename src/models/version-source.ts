/**
 * Where a model version may come from. A version must not become a way to files its creator could not read otherwise: a
 * source in this server's own storage has to lie under the run or logged model the request names. Pure; what only the
 * database knows is handed in as SourceFacts.
 */
import type { Stage } from "../db/schema/registry";
import { hostScheme } from "../tracking/experiment";
import { invalid, type MlflowError, notFound } from "../wire/errors";
import { checkModelName, isLatest, stageOf } from "./registry";

/** What a request says of a version's origin. Absent is not the same as empty: an absent id is inherited by copies. */
export interface AskedSource {
  source: string;
  runId: string | undefined;
  modelId: string | undefined;
}

/** Another version, as a `models:/` URI names it. */
export type Reference = { name: string } & ({ version: string } | { alias: string } | { stage: Stage | undefined });

/** The version a reference stands for. */
export interface SourceVersion {
  version: number;
  runId: string;
  storageLocation: string;
}

/** What the database knows of a request's run, logged model and reference; undefined for what is not there. */
export interface SourceFacts {
  runUri: string | undefined;
  model: { artifactUri: string; sourceRunId: string } | undefined;
  version: SourceVersion | undefined;
}

/** A source as a version keeps it. */
export interface VersionOrigin {
  source: string;
  storageLocation: string;
  runId: string;
  /** The logged model that learns of the version. */
  modelId: string | undefined;
}

const PROMPT_SOURCES = ["dummy-source", "prompt-template"];

/** Prompts have no files, so their clients send a placeholder. Errors: 400 for anything else. */
export function promptOrigin({ source, runId = "" }: AskedSource): VersionOrigin {
  if (PROMPT_SOURCES.includes(source)) return { source, storageLocation: source, runId, modelId: undefined };
  throw invalid(`Invalid prompt source: '${source}'. Prompt sources must use an MLflow placeholder.`);
}

interface Uri {
  scheme: string;
  authority: string;
  path: string;
}

/** A URI's parts as Python's urllib has them: the scheme in lower case, all else as sent. */
function parseUri(uri: string): Uri {
  const [, scheme = "", authority = "", path = ""] =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)/.exec(uri) ?? [];
  return { scheme: scheme.toLowerCase(), authority, path };
}

const outside = (source: string, id: "run_id" | "model_id"): MlflowError =>
  invalid(
    `Invalid model version source: '${source}'. The ${id} request parameter must identify the resource that contains the source.`,
  );

const notAbsolute = (source: string): MlflowError =>
  invalid(
    `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, ` +
      "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. " +
      "Please provide an absolute path.",
  );

/** Errors: 400 for a source on a host that is not this server's storage. */
export function checkSourceHost(source: string): void {
  const scheme = hostScheme(source);
  if (scheme === undefined) return;
  throw invalid(
    `'source' cannot use the '${scheme}' scheme: the '${scheme}' scheme addresses a host other than the tracking server's ` +
      "configured artifact storage, so the server would connect to the host named in the URI. Set the source to a place in " +
      "that storage, or in a bucket.",
  );
}

/** The version a `models:/` source names; undefined for sources of other kinds. Errors: 400 for one that names nothing. */
export function referenceOf(source: string): Reference | undefined {
  const { scheme, authority, path } = parseUri(source);
  if (scheme !== "models") return undefined;
  if (authority !== "") {
    throw invalid(
      `Invalid model version source: '${source}'. Registered model sources must use the active model registry.`,
    );
  }
  const parts = path.replace(/^\/+/, "").split("/");
  const [name = "", suffix] = parts;
  if (!path.startsWith("/") || parts.length > 2 || name.trim() === "") throw outside(source, "model_id");
  if (suffix === undefined) return aliasReference(source, name);
  if (suffix.trim() === "") throw outside(source, "model_id");
  checkModelName(name);
  if (/^\d+$/.test(suffix)) return { name, version: suffix };
  return { name, stage: isLatest(suffix) ? undefined : stageOf(suffix) };
}

/** `name@alias`; undefined for the id of a logged model. */
function aliasReference(source: string, text: string): Reference | undefined {
  const at = text.lastIndexOf("@");
  if (at === -1) return undefined;
  const [name, alias] = [text.slice(0, at), text.slice(at + 1)];
  if (alias.trim() === "") throw outside(source, "model_id");
  checkModelName(name);
  return { name, alias };
}

/** What a stage without versions answers. MLflow: 500, which its clients would repeat for minutes. */
export function noVersions(name: string, stage: Stage | undefined): MlflowError {
  const staged = stage === undefined ? "" : ` and stage '${stage}'`;
  return notFound(`No versions of model with name '${name}'${staged} found`);
}

/**
 * The origin of a version that is no prompt's. Errors: 400 for a source that its ids do not account for, 404 for a logged
 * model that is not there.
 */
export function modelOrigin(asked: AskedSource, reference: Reference | undefined, facts: SourceFacts): VersionOrigin {
  const { source, runId, modelId } = asked;
  if (reference && facts.version) return copyOrigin(asked, reference.name, facts.version);
  if (modelId) checkModelSource(source, modelId, facts);
  else checkRunSource(source, runId, facts);
  if (modelId && !facts.model) throw notFound(`Logged model with ID '${modelId}' not found.`);
  const isModelUri = parseUri(source).scheme === "models";
  return {
    source,
    storageLocation: isModelUri && facts.model ? facts.model.artifactUri : source,
    runId: runId || facts.model?.sourceRunId || "",
    modelId: modelId || undefined,
  };
}

/** A copy comes from where its original does; ids sent must be the original's, which has no logged model of its own. */
function copyOrigin({ source, runId, modelId }: AskedSource, name: string, original: SourceVersion): VersionOrigin {
  if ((runId !== undefined && runId !== original.runId) || modelId) {
    throw invalid(
      `Invalid model version source: '${source}'. The run_id and model_id request parameters must match the referenced model version.`,
    );
  }
  return {
    source: `models:/${name}/${original.version}`,
    storageLocation: original.storageLocation,
    runId: original.runId,
    modelId: undefined,
  };
}

function checkRunSource(source: string, runId: string | undefined, facts: SourceFacts): void {
  const uri = parseUri(source);
  if (isLocal(uri)) {
    checkLocal(source, uri, "run_id", runId, facts.runUri);
    return;
  }
  checkCanonical(source);
  if (uri.scheme === "models") throw outside(source, "model_id");
  if (uri.scheme === "runs" && (uri.authority !== "" || !runId || uri.path.split("/")[1] !== runId)) {
    throw outside(source, "run_id");
  }
  if (uri.scheme === "mlflow-artifacts" && !isWithin(source, facts.runUri)) throw outside(source, "run_id");
}

function checkModelSource(source: string, modelId: string, facts: SourceFacts): void {
  const uri = parseUri(source);
  if (isLocal(uri)) {
    checkLocal(source, uri, "model_id", modelId, facts.model?.artifactUri);
    return;
  }
  checkCanonical(source);
  const isOther = uri.scheme === "models" && uri.path.replace(/^\/+/, "") !== modelId;
  if (isOther || uri.scheme === "runs") throw outside(source, "model_id");
  if (uri.scheme === "mlflow-artifacts" && !isWithin(source, facts.model?.artifactUri)) {
    throw outside(source, "model_id");
  }
}

const isLocal = ({ scheme }: Uri): boolean => scheme === "" || scheme === "file";

const LOCAL_HOST = /^(?:\.$|localhost|127\.0\.0\.1|$)/;

/** A path on the machine of whoever asks: only inside a root that is such a path itself. */
function checkLocal(
  source: string,
  uri: Uri,
  id: "run_id" | "model_id",
  value: string | undefined,
  root: string | undefined,
): void {
  if (!LOCAL_HOST.test(uri.authority)) throw invalid(`${source} is not a valid remote uri.`);
  if (value && root === undefined) throw outside(source, id);
  if (value && root !== undefined && isLocal(parseUri(root)) && isCanonical(uri.path)) {
    const [path, rootPath] = [segments(uri.path), segments(parseUri(root).path)];
    if (rootPath.length > 0 && rootPath.every((part, i) => part === path[i])) return;
  }
  throw invalid(
    `Invalid model version source: '${source}'. To use a local path as a model version source, the ${id} request ` +
      "parameter has to be specified and the local path has to be contained within the artifact directory of the run " +
      `specified by the ${id}.`,
  );
}

const MAX_DECODE_ROUNDS = 10;

/** Percent-decoded until nothing changes; undefined for text that hides behind more rounds than anybody needs. */
function decodedFully(text: string): string | undefined {
  let current = text;
  for (let round = 0; round < MAX_DECODE_ROUNDS; round++) {
    const next = current.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
      new TextDecoder().decode(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
    );
    if (next === current) return current;
    current = next;
  }
  return undefined;
}

/** Errors: 400 for a source whose path is not in its plainest form, in however many rounds it is encoded. */
function checkCanonical(source: string): void {
  const decoded = decodedFully(source);
  if (decoded === undefined || decoded.split("/").includes("..") || !isCanonical(parseUri(decoded).path)) {
    throw notAbsolute(source);
  }
}

/** Absolute, below the root, without `.`, `..` and NUL. */
const isCanonical = (path: string): boolean =>
  /^\/+[^/]/.test(path) && !path.includes("\0") && !segments(path).some((part) => part === "." || part === "..");

const segments = (path: string): string[] => path.split("/").filter((part) => part !== "");

function isWithin(source: string, root: string | undefined): boolean {
  if (root === undefined) return false;
  const [a, b] = [parseUri(source), parseUri(root)];
  const parts = (uri: Uri) => segments(uri.path).map((part) => decodedFully(part) ?? part);
  const [path, rootPath] = [parts(a), parts(b)];
  return (
    a.scheme === b.scheme &&
    a.authority.toLowerCase() === b.authority.toLowerCase() &&
    rootPath.length > 0 &&
    rootPath.every((part, i) => part === path[i])
  );
}
