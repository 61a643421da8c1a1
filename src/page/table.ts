/** The table of all runs that match, by columns: lines of JSON, each a page of runs. Layout in docs/page-api.md. */
import type { Env } from "../env";
import { MAX_HOT_READS } from "../limits";
import { latestInLogs } from "../metrics/latest";
import type { KeyLatest } from "../metrics/log-calls";
import { compareValues } from "../metrics/observation";
import { experimentId } from "../tracking/experiment";
import { findRunIds, type RunSearch } from "../tracking/run-search";
import { stagesOf } from "../tracking/views";
import { errorResponse, toMlflowError } from "../wire/errors";
import { wireDouble } from "../wire/json";
import { BASELINE_TAG } from "./direction";
import { baselinesOf, countRuns, type Keys, readRuns, type TableRun } from "./table-store";

/** Runs of the first line, which a screen waits for, and of each later one. */
const FIRST_PAGE = 100;
const PAGE = 1000;
/** Cells of one page: of many columns, fewer runs come together. */
const PAGE_CELLS = 50_000;

export interface TableRequest extends RunSearch {
  experiment_ids: string[];
  columns: Keys;
  max_results: number;
}

/**
 * The answer: the search is done before it begins, so that what is wrong with it is an ordinary error; pages are read as
 * the client takes them.
 */
export async function tableOf(env: Env, request: TableRequest): Promise<Response> {
  const { ids, isPublished } = await findRunIds(env, request, request.max_results);
  const asked = [...new Set(request.experiment_ids.map(experimentId))];
  const [baselines, of] = await Promise.all([
    baselinesOf(env.DB, asked, BASELINE_TAG),
    request.filter?.trim() ? countRuns(env.DB, asked, stagesOf(request.run_view_type)) : ids.length,
  ]);
  const experiments = Object.fromEntries(baselines.map((b) => [b.experiment_id, { baseline: b.value }]));
  const lines = linesOf(env, ids, request.columns, isPublished);
  const encoder = new TextEncoder();
  let head: string | undefined = JSON.stringify({ total: ids.length, of, experiments });
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = head === undefined ? await lines.next() : { value: head, done: false };
      head = undefined;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${value}\n`));
    },
  });
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson; charset=utf-8" } });
}

async function* linesOf(
  env: Env,
  ids: readonly string[],
  keys: Keys,
  isPublished: boolean,
): AsyncGenerator<string, undefined> {
  const columns = keys.metrics.length + keys.params.length + keys.tags.length;
  const most = Math.max(FIRST_PAGE, Math.min(PAGE, Math.floor(PAGE_CELLS / Math.max(columns, 1))));
  let hotReads = isPublished ? 0 : MAX_HOT_READS;
  try {
    for (let from = 0, to = FIRST_PAGE; from < ids.length; from = to, to += most) {
      const page = await readPage(env, ids.slice(from, to), keys, hotReads);
      hotReads -= page.latest.size;
      yield pageText(from, page, keys);
    }
  } catch (thrown) {
    console.error("a table was cut off", thrown);
    yield JSON.stringify({ error: await errorResponse(toMlflowError(thrown)).json() });
  }
}

interface Page {
  runs: TableRun[];
  /** What the logs of hot runs hold, by run and key. */
  latest: Map<string, Map<string, KeyLatest>>;
}

/** Some runs and their cells, exact for the first `hotReads` hot ones: what left a log before it was asked is in D1 after. */
async function readPage(env: Env, ids: readonly string[], keys: Keys, hotReads: number): Promise<Page> {
  const runs = await readRuns(env.DB, ids, keys);
  const hot = keys.metrics.length > 0 ? runs.filter((run) => run.hot === 1).slice(0, Math.max(0, hotReads)) : [];
  const latest = await latestInLogs(
    env,
    hot.map(({ run_id }) => run_id),
  );
  return { runs: hot.length > 0 ? await readRuns(env.DB, ids, keys) : runs, latest };
}

function pageText(offset: number, { runs, latest }: Page, keys: Keys): string {
  const metrics = cellsOf<MetricCell>(runs, "metrics");
  const params = cellsOf<string>(runs, "params");
  const tags = cellsOf<string>(runs, "tags");
  const columns = <T>(names: readonly string[], column: (key: string, k: number) => T): Record<string, T> =>
    Object.fromEntries(names.map((key, k) => [key, column(key, k)]));
  return JSON.stringify({
    offset,
    rows: runs.length,
    run_id: runs.map((run) => run.run_id),
    experiment_id: runs.map((run) => run.experiment_id),
    run_name: runs.map((run) => run.run_name),
    status: runs.map((run) => run.status),
    user_id: runs.map((run) => run.user_id),
    start_time: runs.map((run) => run.start_time),
    end_time: runs.map((run) => run.end_time || null),
    live: runs.map((run) => Number(run.hot === 1 && run.status === "RUNNING")),
    lifecycle_stage: runs.map((run) => run.lifecycle_stage),
    metrics: columns(keys.metrics, (key, k) => {
      return metricColumn(runs.map(({ run_id }, i) => newest(metrics[i]?.[k] ?? null, latest.get(run_id)?.get(key))));
    }),
    params: columns(keys.params, (_, k) => dictionary(params.map((row) => row[k] ?? null))),
    tags: columns(keys.tags, (_, k) => dictionary(tags.map((row) => row[k] ?? null))),
  });
}

/** A latest observation: value, step, timestamp. */
type MetricCell = [value: number | "NaN", step: number, timestamp: number];

/** By run and then by place of the key. */
const cellsOf = <T>(runs: readonly TableRun[], kind: "metrics" | "params" | "tags"): (T | null)[][] =>
  JSON.parse(`[${runs.map((run) => `[${run[kind] ?? ""}]`)}]`);

const metricColumn = (cells: readonly (MetricCell | null)[]) => ({
  value: cells.map((cell) => cell?.[0] ?? null),
  step: cells.map((cell) => cell?.[1] ?? null),
  timestamp: cells.map((cell) => cell?.[2] ?? null),
});

/** Each value once, and which of them each run has: -1 for none. */
function dictionary(cells: readonly (string | null)[]): { values: string[]; index: number[] } {
  const places = new Map<string, number>();
  const index = cells.map((value) => {
    if (value === null) return -1;
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { values: [...places.keys()], index };
}

/** The later of what D1 and a log have. */
function newest(cell: MetricCell | null, inLog: KeyLatest | undefined): MetricCell | null {
  if (!inLog) return cell;
  const { step, timestamp, value } = inLog;
  const isLater = cell === null || (step - cell[1] || timestamp - cell[2] || compareValues(value, Number(cell[0]))) > 0;
  return isLater ? [wireDouble(value), step, timestamp] : cell;
}
