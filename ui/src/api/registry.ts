/** The model registry, in MLflow's REST form. All functions throw {@link ApiError}. */
import { get, post } from "./client";
import type { KeyValue } from "./types";

export interface ModelVersion {
  name: string;
  version: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  current_stage?: string;
  description?: string;
  source?: string;
  run_id?: string;
  status?: string;
  tags?: KeyValue[];
  aliases?: string[];
}

export interface RegisteredModel {
  name: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  description?: string;
  latest_versions?: ModelVersion[];
  tags?: KeyValue[];
  aliases?: { alias: string; version: string }[];
}

export async function searchRegisteredModels(
  options: { filter?: string; pageToken?: string },
  signal?: AbortSignal,
): Promise<{ items: RegisteredModel[]; next: string | undefined }> {
  const answer = await get<{ registered_models?: RegisteredModel[]; next_page_token?: string }>(
    "registered-models/search",
    { filter: options.filter || undefined, max_results: 100, page_token: options.pageToken },
    signal,
  );
  return { items: answer.registered_models ?? [], next: answer.next_page_token };
}

export async function getRegisteredModel(name: string, signal?: AbortSignal): Promise<RegisteredModel> {
  return (await get<{ registered_model: RegisteredModel }>("registered-models/get", { name }, signal)).registered_model;
}

/** Versions that match, the newest first; at most 1,000. */
export async function searchModelVersions(filter: string, signal?: AbortSignal): Promise<ModelVersion[]> {
  const answer = await get<{ model_versions?: ModelVersion[] }>(
    "model-versions/search",
    { filter, max_results: 1000 },
    signal,
  );
  return (answer.model_versions ?? []).sort((a, b) => Number(b.version) - Number(a.version));
}

export async function describeModel(name: string, description: string): Promise<void> {
  await post("registered-models/update", { name, description }, undefined, "PATCH");
}

/** Moves an alias to a version, from wherever it is. */
export async function setAlias(name: string, alias: string, version: string): Promise<void> {
  await post("registered-models/alias", { name, alias, version });
}

export async function deleteAlias(name: string, alias: string): Promise<void> {
  await post("registered-models/alias", { name, alias }, undefined, "DELETE");
}

export async function setStage(name: string, version: string, stage: string): Promise<void> {
  await post("model-versions/transition-stage", { name, version, stage, archive_existing_versions: false });
}
