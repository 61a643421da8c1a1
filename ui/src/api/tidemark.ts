/** Tidemark's own calls, one function each; docs/page-api.md describes them. All of them throw {@link ApiError}. */
import { decodeSeries, type SeriesAnswer } from "../../../src/metrics/series-format";
import { ApiError, getOwn, ndjson, OWN, sendOwn, withQuery } from "./client";
import type { Home, KeysAnswer, RunTableLine, SavedView, StatsAnswer, TableHead, TablePage } from "./page-types";

export type XKind = "step" | "time" | "relative";

export interface SeriesRequest {
  run_id: readonly string[];
  key: readonly string[];
  x: XKind;
  from?: number;
  to?: number;
  buckets?: number;
  smoothing?: number;
}

declare global {
  interface Window {
    /** Series that index.html asked for before this script was there, by run. */
    tidemarkEarlySeries?: Record<string, SeriesRequest>;
  }
}

/** The answer may hold series of more keys than asked for. */
export async function fetchSeries(request: SeriesRequest, signal?: AbortSignal): Promise<SeriesAnswer> {
  const asked = takeEarlySeries(request) ?? request;
  return decodeSeries(await (await sendOwn("metrics/series", asked, signal)).arrayBuffer());
}

/** A request that has been sent already and whose answer holds all of this one's; good once. */
function takeEarlySeries({ run_id, key, ...how }: SeriesRequest): SeriesRequest | undefined {
  const early = window.tidemarkEarlySeries?.[run_id.join()];
  if (!early) return undefined;
  const { run_id: _, key: keys, ...began } = early;
  if (JSON.stringify(began) !== JSON.stringify(how) || !key.every((one) => keys.includes(one))) return undefined;
  delete window.tidemarkEarlySeries?.[run_id.join()];
  return early;
}

/** Where a browser downloads every point of some series. */
export function seriesCsvAddress(runs: readonly string[], keys: readonly string[]): string {
  return withQuery(`${OWN}metrics/series`, { run_id: runs, key: keys, format: "csv" });
}

/** Statistics of a key by run, in the order of `runs`. At most 1,000 runs and 10,000 cells a call. */
export async function fetchStats(
  runs: readonly string[],
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<StatsAnswer["keys"]> {
  const response = await sendOwn("metrics/stats", { run_ids: runs, keys }, signal);
  return ((await response.json()) as StatsAnswer).keys;
}

export interface TableRequest {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  run_view_type?: "ACTIVE_ONLY" | "DELETED_ONLY";
  metrics?: string[];
  params?: string[];
  tags?: string[];
  max_results?: number;
}

/** Runs that match: first the head with their number, then pages as the server reads them. */
export async function* streamTable(
  request: TableRequest,
  signal: AbortSignal,
): AsyncGenerator<{ head: TableHead } | { page: TablePage }> {
  const response = await sendOwn("runs/table", request, signal);
  for await (const line of ndjson<RunTableLine>(response)) {
    if ("error" in line) throw new ApiError(line.error.message, 500, line.error.error_code, undefined);
    if ("total" in line) yield { head: line };
    else yield { page: line };
  }
}

export function fetchKeys(experiment: string, signal?: AbortSignal): Promise<KeysAnswer> {
  return getOwn(`experiments/${encodeURIComponent(experiment)}/keys`, { limit: 5000 }, signal);
}

export async function fetchValues(
  experiment: string,
  query: { kind: "param" | "tag"; key: string; prefix: string },
  signal?: AbortSignal,
): Promise<{ value: string; runs: number }[]> {
  const path = `experiments/${encodeURIComponent(experiment)}/values`;
  return (await getOwn<{ values: { value: string; runs: number }[] }>(path, { ...query, limit: 20 }, signal)).values;
}

export function fetchHome(signal?: AbortSignal): Promise<Home> {
  return getOwn("home", { limit: 1000 }, signal);
}

const viewsOf = (experiment: string) => `experiments/${encodeURIComponent(experiment)}/views`;

export async function listViews(experiment: string, signal?: AbortSignal): Promise<SavedView[]> {
  return (await getOwn<{ views: SavedView[] }>(viewsOf(experiment), {}, signal)).views;
}

export function getView(experiment: string, id: string, signal?: AbortSignal): Promise<SavedView> {
  return getOwn(`${viewsOf(experiment)}/${encodeURIComponent(id)}`, {}, signal);
}

export async function createView(experiment: string, view: { name?: string; address: string }): Promise<SavedView> {
  return (await sendOwn(viewsOf(experiment), view)).json() as Promise<SavedView>;
}

export async function deleteView(experiment: string, id: string): Promise<void> {
  await sendOwn(`${viewsOf(experiment)}/${encodeURIComponent(id)}`, {}, undefined, "DELETE");
}
