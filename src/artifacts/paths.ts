/** Artifact paths: what a caller may name, and where in the bucket that is. Pure. */
import { R2_MAX_KEY } from "../limits";
import { invalid, MlflowError } from "../wire/errors";

/** Every artifact's key starts with this, so that no path reaches what else the bucket holds. */
export const ARTIFACT_PREFIX = "artifacts/";

const MAX_DECODE_ROUNDS = 10;
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const invalidPath = (): MlflowError => invalid("Invalid path");

/**
 * The decoded form of a path a caller sent, safe to put behind a prefix. Decoding goes on until nothing changes, so
 * that no nested encoding hides a step upwards; control characters stay encoded. Errors: 400 `Invalid path`.
 */
export function safePath(path: string): string {
  const decoded = escapeControls(decodeFully(path));
  if (decoded.includes("#") || decoded.split("/").includes("..") || isAbsolute(decoded)) throw invalidPath();
  return decoded;
}

function decodeFully(path: string): string {
  let current = path;
  for (let round = 0; round < MAX_DECODE_ROUNDS; round++) {
    const next = unquote(current);
    if (next === current) return current;
    current = next;
  }
  throw invalidPath();
}

/** One round of percent-decoding: malformed escapes stay as they are, bytes that are no UTF-8 become U+FFFD. */
function unquote(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    utf8.decode(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
  );
}

function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\x00-\x1f\x7f]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Absolute for POSIX, for Windows (drive or share) or as a file URI: a client may run on any of them. */
const isAbsolute = (path: string): boolean => /^(?:\/|\\\\|[A-Za-z]:[\\/]|file:[\\/])/i.test(path);

/** A path without empty and `.` segments; "" for the root. */
export function normalised(path: string): string {
  return path
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}

export const joined = (root: string, path: string): string => normalised(`${root}/${path}`);

export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The R2 key of a normalised artifact path. Errors: 400 for a path too long for one. */
export function artifactKey(path: string): string {
  const key = ARTIFACT_PREFIX + path;
  const bytes = new TextEncoder().encode(key).length;
  if (bytes > R2_MAX_KEY) {
    const most = R2_MAX_KEY - ARTIFACT_PREFIX.length;
    throw invalid(`Artifact path is too long: ${bytes - ARTIFACT_PREFIX.length} bytes, where ${most} are allowed.`);
  }
  return key;
}

/** The path behind one of the proxy's routes, still encoded: decoded parameters have lost what tells `%2F` from `/`. */
export function requestedPath(url: string, route: string = PROXY_ROUTE): string {
  const start = url.indexOf(route) + route.length;
  const end = url.indexOf("?", start);
  return url.slice(start, end === -1 ? undefined : end);
}

const PROXY_ROUTE = "/mlflow-artifacts/artifacts/";

/**
 * The last segment of a path on a client's machine, of whatever system. Errors: 400 for one that names no file.
 */
export function localName(path: string): string {
  const isWindows = /^(?:[A-Za-z]:|\\\\)/.test(path);
  const name = safePath(path.slice(Math.max(path.lastIndexOf("/"), isWindows ? path.lastIndexOf("\\") : -1) + 1));
  if (["", "."].includes(name) || name.includes("/")) throw invalidPath();
  return name;
}

/**
 * The artifact path an artifact URI stands for: that of an `mlflow-artifacts:` URI, or of an address of the proxy's
 * route. Errors: 501 for any other store, which clients reach by themselves.
 */
export function pathOfUri(uri: string): string {
  const own = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/s.exec(uri);
  if (own) return normalised(safePath(own[1] ?? ""));
  if (/^https?:/.test(uri) && uri.includes(PROXY_ROUTE)) return normalised(safePath(requestedPath(uri)));
  throw new MlflowError(
    "NOT_IMPLEMENTED",
    `The artifacts under '${uri}' are not kept by this server. It serves artifacts under 'mlflow-artifacts:' only.`,
  );
}
