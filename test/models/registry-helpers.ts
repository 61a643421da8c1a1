import { SELF } from "cloudflare:test";
import { expect } from "vitest";

const API = "http://tidemark/api/2.0/mlflow/";

// biome-ignore lint/suspicious/noExplicitAny: answers are read field by field, and each test says what it expects.
export type Json = Record<string, any>;

/** Calls the registry: the body goes into the query of a GET. */
export async function call(method: string, path: string, body: Json = {}): Promise<[number, Json]> {
  const isGet = method === "GET";
  const query = new URLSearchParams();
  for (const [key, value] of isGet ? Object.entries(body) : []) {
    for (const one of [value].flat()) query.append(key, String(one));
  }
  const answer = await SELF.fetch(`${API}${path}${isGet ? `?${query}` : ""}`, {
    method,
    ...(!isGet && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  return [answer.status, await answer.json()];
}

export async function ok(method: string, path: string, body: Json = {}): Promise<Json> {
  const [status, answer] = await call(method, path, body);
  expect([status, answer.message]).toEqual([200, undefined]);
  return answer;
}

export async function refused(
  method: string,
  path: string,
  body: Json,
  status: number,
  code: string,
  words: string,
): Promise<void> {
  const [got, answer] = await call(method, path, body);
  expect([got, answer.error_code, answer.message]).toEqual([status, code, expect.stringContaining(words)]);
}

let names = 0;
export const uniqueName = (): string => `m${names++}-${crypto.randomUUID().slice(0, 8)}`;

export const newModel = async (fields: Json = {}): Promise<string> =>
  (await ok("POST", "registered-models/create", { name: uniqueName(), ...fields })).registered_model.name;

export const newVersion = async (name: string, fields: Json = {}): Promise<Json> =>
  (await ok("POST", "model-versions/create", { name, source: "s3://bucket/model", ...fields })).model_version;

export const getModel = async (name: string): Promise<Json> =>
  (await ok("GET", "registered-models/get", { name })).registered_model;

export const getVersion = async (name: string, version: number | string): Promise<Json> =>
  (await ok("GET", "model-versions/get", { name, version })).model_version;

export const INVALID = "INVALID_PARAMETER_VALUE";
export const MISSING = "RESOURCE_DOES_NOT_EXIST";
export const TAKEN = "RESOURCE_ALREADY_EXISTS";
