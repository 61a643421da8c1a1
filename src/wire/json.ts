/**
 * MLflow's JSON: bare NaN and Infinity tokens are read, doubles that JSON lacks are written as texts, and everything
 * absent stays absent.
 */
import { invalid } from "./errors";

/** The largest double: what MLflow stores for an infinity. */
export const MAX_DOUBLE = Number.MAX_VALUE;

/** A double as it goes into a response (typed number so that records stay plain; NaN and ±Infinity become texts). */
export function wireDouble(value: number): number {
  return Number.isFinite(value) ? value : (String(value) as unknown as number);
}

const BARE_TOKEN = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * Parses a request body. Empty and `null` are `{}`; a text holding JSON is read twice, as MLflow's clients of old sent
 * it. Errors: 400 for text that is no JSON or whose top level is no object.
 */
export function parseBody(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let value = parse(text);
  if (typeof value === "string") value = parse(value);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw invalid("Malformed request: the body must be a JSON object.");
  }
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Python's encoder writes NaN and Infinity bare; anything else that fails here is malformed.
  }
  const quoted = text.replace(BARE_TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
  try {
    return JSON.parse(quoted);
  } catch (error) {
    throw invalid(`Malformed request: the body is not valid JSON (${(error as Error).message}).`);
  }
}

/** A value the way MLflow's messages show it: compact JSON in ASCII, with keys in order. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, each]) => `${pythonJson(key)}:${pythonJson(each)}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return (JSON.stringify(value) ?? "null").replace(/[\u007f-\uffff]/g, asciiEscape);
}

const asciiEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text the way Python's repr shows it, as MLflow's messages do. */
export function pythonRepr(value: unknown): string {
  if (typeof value === "string") {
    const escaped = value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t");
    return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replace(/'/g, "\\'")}'`;
  }
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([k, v]) => `${pythonRepr(k)}: ${pythonRepr(v)}`)
      .join(", ")}}`;
  }
  return String(value);
}

/** The name of a JSON value's type in Python, as MLflow's messages name it. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return "dict";
}
