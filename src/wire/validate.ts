/** MLflow's rules for names, lengths and counts, with the wording its clients and tests match. */
import { invalid } from "./errors";
import { pythonJson } from "./json";

/** Unicode word characters, `/ . - space :` (MLflow's rule for metric, param and tag keys). */
const NAME = /^[\p{L}\p{N}_/.\- :]*$/u;

/** The POSIX-normalised form of a path, as Python's posixpath.normpath gives it. */
function normalised(path: string): string {
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (part !== ".." || !rooted) parts.push(part);
  }
  const joined = parts.join("/");
  return rooted ? `/${joined}` : joined || ".";
}

/** A key of a metric, param or tag: its characters, its form as a path, its length. `path` names it in the message. */
export function checkKey(key: string, path: string, entity: string, maxLength = 250): void {
  if (!NAME.test(key)) {
    throw invalid(
      `Invalid value ${pythonJson(key)} for parameter '${path}' supplied: Names may only contain alphanumerics, underscores (_), ` +
        "dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
    );
  }
  checkPathForm(key, path);
  checkLength(entity, key, maxLength);
}

/** A name that may become a file's: as a path it must already be in its plainest form, and stay below where it starts. */
export function checkPathForm(name: string, path: string): void {
  const norm = normalised(name);
  if (norm !== name || norm === "." || norm.startsWith("..") || norm.startsWith("/")) {
    throw invalid(
      `Invalid value ${pythonJson(name)} for parameter '${path}' supplied: Names may be treated as files in certain cases, and must ` +
        `not resolve to other names when treated as such. This name would resolve to '${norm}'`,
    );
  }
}

/** Lengths count code points, as Python's len does. */
export function checkLength(entity: string, value: string, max: number): void {
  if (value.length > max && codePoints(value) > max) {
    throw invalid(`'${entity}' exceeds the maximum length of ${max} characters`);
  }
}

export function truncate(value: string, max: number): string {
  return value.length > max ? Array.from(value).slice(0, max).join("") : value;
}

function codePoints(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** `max_results` of a search: at least 1, and at most `cap` where the store has one. */
export function checkMaxResults(value: number, cap = Number.POSITIVE_INFINITY): void {
  if (value < 1)
    throw invalid(`Invalid value ${value} for parameter 'max_results' supplied. It must be a positive integer`);
  if (value > cap)
    throw invalid(`Invalid value ${value} for parameter 'max_results' supplied. It must be at most ${cap}`);
}
