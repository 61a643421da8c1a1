/**
 * The recording: requests, most of them bad, with what MLflow 3.17.2's own server answered. One a line, to be sent in
 * this order, as later ones depend on what earlier ones did.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonCall } from "../http.mjs";

/**
 * @typedef {object} Exchange
 * @property {number} number of its line, from 1
 * @property {string} family
 * @property {string} method
 * @property {string} path with placeholders such as {RUN}; see fixtures.mjs
 * @property {Record<string, string | null>} [headers] null: the header must be absent
 * @property {unknown} [body] `{$raw}` is sent as it is, `{$repeat: [char, n]}` stands for a text of n characters
 * @property {number} status
 * @property {string} [error_code]
 * @property {string} [sqlstate]
 * @property {string} [content_type] of the answer where it is not JSON
 * @property {string} [message] a pattern for the error's message
 */

/** @returns {Exchange[]} */
export function readRecording() {
  const lines = readFileSync(join(import.meta.dirname, "recording.ndjson"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line, index) => ({ number: index + 1, ...JSON.parse(line) }));
}

/**
 * The request of an exchange with its placeholders filled in.
 * @param {Exchange} exchange
 * @param {Record<string, string>} fixtures
 */
export function callOf(exchange, fixtures) {
  const { method, body } = exchange;
  const path = fill(exchange.path, fixtures);
  const call = isRaw(body)
    ? { method, path, body: raw(filled(body.$raw, fixtures)) }
    : jsonCall(method, path, filled(body, fixtures));
  for (const [name, value] of Object.entries(exchange.headers ?? {})) {
    call.headers ??= {};
    if (value === null) delete call.headers[name];
    else call.headers[name] = fill(value, fixtures);
  }
  return call;
}

const isRaw = (body) => typeof body === "object" && body !== null && "$raw" in body;

/** Bytes were recorded as characters up to U+00FF. */
const raw = (text) => Buffer.from(text, "latin1");

const fill = (text, fixtures) => text.replace(/\{([A-Z][A-Z0-9]*)\}/g, (whole, name) => fixtures[name] ?? whole);

function filled(value, fixtures) {
  if (typeof value === "string") return fill(value, fixtures);
  if (Array.isArray(value)) return value.map((each) => filled(each, fixtures));
  if (typeof value !== "object" || value === null) return value;
  if ("$repeat" in value) return value.$repeat[0].repeat(value.$repeat[1]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [fill(key, fixtures), filled(each, fixtures)]));
}
