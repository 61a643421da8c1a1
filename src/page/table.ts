/** The table of all runs that match, by columns: lines of JSON, each a page of runs. Layout in docs/page-api.md. */
import type { Env } from "../env";
import { MAX_HOT_READS } from "../limits";
import { compareAt } from "../metrics/observation";
import type { LatestTail } from "../metrics/run-log";
import { eachBounded, withLog } from "../metrics/run-logs";
import { experimentId } from "../tracking/experiment";
import { findRunIds, type RunSearch } from "../tracking/run-search";
import { errorResponse, toMlflowError } from "../wire/errors";
import { wireDouble } from "../wire/json";
import { BASELINE_TAG } from "./direction";
import { baselinesOf, type ColumnText, columnQueries, type Keys, runsQuery, type TableRun } from "./table-store";

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
  const baselines = await baselinesOf(env.DB, asked, BASELINE_TAG);
  const experiments = Object.fromEntries(baselines.map((b) => [b.experiment_id, { baseline: b.value }]));
  const lines = linesOf(env, ids, request.columns, isPublished);
  const encoder = new TextEncoder();
  let head: string | undefined = JSON.stringify({ total: ids.length, experiments });
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
      hotReads -= page.hotReads;
      yield pageText(from, page);
    }
  } catch (thrown) {
    console.error("a table was cut off", thrown);
    yield JSON.stringify({ error: await errorResponse(toMlflowError(thrown)).json() });
  }
}

interface Page {
  runs: TableRun[];
  columns: { metrics: ColumnText[]; params: ColumnText[]; tags: ColumnText[] };
  latest: Map<string, LatestTail["latest"]>;
  hotReads: number;
}

/** Some runs and their cells, exact for the first `hotReads` hot ones: their logs are asked first, D1 after them. */
async function readPage(env: Env, ids: readonly string[], keys: Keys, hotReads: number): Promise<Page> {
  const [found, ...rest] = await env.DB.batch<Record<string, unknown>>([
    runsQuery(env.DB, ids),
    ...columnQueries(env.DB, ids, keys),
  ]);
  const runs = (found?.results ?? []) as unknown as TableRun[];
  const latest: Page["latest"] = new Map();
  const hot = keys.metrics.length > 0 ? runs.filter((run) => run.hot === 1).slice(0, Math.max(0, hotReads)) : [];
  await eachBounded(hot, async ({ run_id }) => {
    latest.set(run_id, (await withLog(env, run_id, (log) => log.latest())).latest);
  });
  const isGone = runs.length < ids.length;
  let columns = rest;
  if (hot.length > 0 || isGone) {
    // What left a log before it was asked is in D1 now; and cells are those of the runs that are there.
    columns = await env.DB.batch<Record<string, unknown>>(
      columnQueries(
        env.DB,
        runs.map((run) => run.run_id),
        keys,
      ),
    );
  }
  const [metrics = [], params = [], tags = []] = columns.map(({ results }) => results as unknown as ColumnText[]);
  return { runs, columns: { metrics, params, tags }, latest, hotReads: hot.length };
}

function pageText(offset: number, { runs, columns, latest }: Page): string {
  const own = {
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
  };
  const metrics = columns.metrics.map(({ key, cells }) => {
    return `${JSON.stringify(key)}:${latest.size === 0 ? cells : withLatest(key, cells, runs, latest)}`;
  });
  const entries = (all: ColumnText[]) => Object.fromEntries(all.map(({ key, cells }) => [key, dictionary(cells)]));
  const rest = { params: entries(columns.params), tags: entries(columns.tags) };
  return `${JSON.stringify(own).slice(0, -1)},"metrics":{${metrics}},${JSON.stringify(rest).slice(1)}`;
}

/** Each value once, and which of them each run has: -1 for none. */
function dictionary(cells: string): { values: string[]; index: number[] } {
  const places = new Map<string, number>();
  const index = (JSON.parse(cells) as (string | null)[]).map((value) => {
    if (value === null) return -1;
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { values: [...places.keys()], index };
}

/** A metric's column with what the logs of hot runs know better. */
function withLatest(key: string, cells: string, runs: readonly TableRun[], latest: Page["latest"]): string {
  const column = JSON.parse(cells) as Record<"value" | "step" | "timestamp", (number | string | null)[]>;
  for (const [i, { run_id }] of runs.entries()) {
    const newer = latest.get(run_id)?.find((one) => one.key === key);
    if (!newer || !isLater(newer, column, i)) continue;
    column.value[i] = wireDouble(newer.value);
    column.step[i] = newer.step;
    column.timestamp[i] = newer.timestamp;
  }
  return JSON.stringify(column);
}

type Newer = LatestTail["latest"][number];

function isLater(
  { step, timestamp, value }: Newer,
  column: Record<"value" | "step" | "timestamp", (number | string | null)[]>,
  i: number,
): boolean {
  if (column.step[i] === null) return true;
  const single = (s: unknown, t: unknown, v: unknown) => ({
    steps: Float64Array.of(Number(s)),
    timestamps: Float64Array.of(Number(t)),
    values: Float64Array.of(Number(v)),
  });
  return (
    compareAt(single(step, timestamp, value), 0, single(column.step[i], column.timestamp[i], column.value[i]), 0) > 0
  );
}
