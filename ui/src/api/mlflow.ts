/** The MLflow calls the page makes, one function each. All of them throw {@link ApiError}. */
import { get, getText, post } from "./client";
import type { ArtifactFile, Experiment, LoggedModel, Run } from "./types";

export interface Page<T> {
  items: T[];
  /** Set when there is more. */
  next: string | undefined;
}

export async function getExperiment(id: string, signal?: AbortSignal): Promise<Experiment> {
  return (await get<{ experiment: Experiment }>("experiments/get", { experiment_id: id }, signal)).experiment;
}

export async function createExperiment(name: string): Promise<string> {
  return (await post<{ experiment_id: string }>("experiments/create", { name })).experiment_id;
}

export async function restoreExperiment(id: string): Promise<void> {
  await post("experiments/restore", { experiment_id: id });
}

/** Sets a tag of an experiment; undefined takes it away. */
export async function setExperimentTag(id: string, key: string, value: string | undefined): Promise<void> {
  if (value === undefined) await post("experiments/delete-experiment-tag", { experiment_id: id, key });
  else await post("experiments/set-experiment-tag", { experiment_id: id, key, value });
}

/** Runs of some experiments that match a filter, at most 1,000. */
export async function searchRuns(
  options: { experiments: string[]; filter?: string; max: number; orderBy?: string[] },
  signal?: AbortSignal,
): Promise<Run[]> {
  const { experiments, filter, max, orderBy } = options;
  const body = { experiment_ids: experiments, filter, max_results: max, order_by: orderBy };
  return (await post<{ runs?: Run[] }>("runs/search", body, signal)).runs ?? [];
}

export async function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return (await get<{ run: Run }>("runs/get", { run_id: id }, signal)).run;
}

export async function renameRun(id: string, name: string): Promise<void> {
  await post("runs/update", { run_id: id, run_name: name });
}

export async function deleteRun(id: string): Promise<void> {
  await post("runs/delete", { run_id: id });
}

export async function restoreRun(id: string): Promise<void> {
  await post("runs/restore", { run_id: id });
}

/** Sets a tag of a run; undefined takes it away. */
export async function setRunTag(id: string, key: string, value: string | undefined): Promise<void> {
  if (value === undefined) await post("runs/delete-tag", { run_id: id, key });
  else await post("runs/set-tag", { run_id: id, key, value });
}

/** What lies in one folder of a run's artifacts; `path` empty for the root. */
export async function listArtifacts(run: string, path: string, signal?: AbortSignal): Promise<ArtifactFile[]> {
  const answer = await get<{ files?: ArtifactFile[] }>(
    "artifacts/list",
    { run_id: run, path: path || undefined },
    signal,
  );
  return answer.files ?? [];
}

/** Where a browser downloads one artifact. */
export function artifactAddress(run: string, path: string): string {
  return `/get-artifact?${new URLSearchParams({ run_id: run, path })}`;
}

export async function getLoggedModel(id: string, signal?: AbortSignal): Promise<LoggedModel> {
  return (await get<{ model: LoggedModel }>(`logged-models/${encodeURIComponent(id)}`, {}, signal)).model;
}

/** The MLflow version whose API the server speaks, for example 3.17.2. */
export async function serverVersion(signal?: AbortSignal): Promise<string> {
  return (await getText("/version", signal)).trim();
}
