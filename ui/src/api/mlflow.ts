/** The MLflow calls the page makes, one function each. All of them throw {@link ApiError}. */
import { get, getText, post } from "./client";
import type { ArtifactFile, Experiment, Metric, Run } from "./types";

export interface Page<T> {
  items: T[];
  /** Set when there is more. */
  next: string | undefined;
}

/** Active experiments, newest first. */
export async function searchExperiments(
  options: { max: number; pageToken?: string },
  signal?: AbortSignal,
): Promise<Page<Experiment>> {
  const answer = await post<{ experiments?: Experiment[]; next_page_token?: string }>(
    "experiments/search",
    { max_results: options.max, order_by: ["creation_time DESC"], page_token: options.pageToken },
    signal,
  );
  return { items: answer.experiments ?? [], next: answer.next_page_token };
}

export async function getExperiment(id: string, signal?: AbortSignal): Promise<Experiment> {
  return (await get<{ experiment: Experiment }>("experiments/get", { experiment_id: id }, signal)).experiment;
}

/** Active runs of some experiments, in the order of `orderBy` (MLflow's order_by clauses). */
export async function searchRuns(
  options: { experiments: string[]; max: number; orderBy: string[]; pageToken?: string | undefined },
  signal?: AbortSignal,
): Promise<Page<Run>> {
  const answer = await post<{ runs?: Run[]; next_page_token?: string }>(
    "runs/search",
    {
      experiment_ids: options.experiments,
      max_results: options.max,
      order_by: options.orderBy,
      page_token: options.pageToken,
    },
    signal,
  );
  return { items: answer.runs ?? [], next: answer.next_page_token };
}

export async function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return (await get<{ run: Run }>("runs/get", { run_id: id }, signal)).run;
}

/** The first `max` observations of a metric by time; `next` is set when the history is longer. */
export async function metricHistory(
  run: string,
  key: string,
  max: number,
  signal?: AbortSignal,
): Promise<Page<Metric>> {
  const answer = await get<{ metrics?: Metric[]; next_page_token?: string }>(
    "metrics/get-history",
    { run_id: run, metric_key: key, max_results: max },
    signal,
  );
  return { items: answer.metrics ?? [], next: answer.next_page_token };
}

/** At most `max` (2500 or fewer) observations spread evenly over the whole history. */
export async function sampledHistory(run: string, key: string, max: number, signal?: AbortSignal): Promise<Metric[]> {
  const answer = await get<{ metrics?: Metric[] }>(
    "metrics/get-history-bulk-interval",
    { run_ids: [run], metric_key: key, max_results: max },
    signal,
  );
  return answer.metrics ?? [];
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

/** The MLflow version whose API the server speaks, for example 3.17.2. */
export async function serverVersion(signal?: AbortSignal): Promise<string> {
  return (await getText("/version", signal)).trim();
}
