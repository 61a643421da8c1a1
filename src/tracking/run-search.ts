/** runs/search: from a request to its answer. */
import type { Database } from "../db/client";
import { isTooBig } from "../db/failures";
import { runStatements } from "../db/statements";
import type { Env } from "../env";
import { DEFAULT_SEARCH_RUNS, MAX_HOT_READS, MAX_SEARCH_RESULTS, SEARCH_SLICE } from "../limits";
import { eachBounded, withLog } from "../metrics/run-logs";
import { Params, type Statement } from "../search/conditions";
import { filterOf, mentions, orderOf } from "../search/filter";
import { RUNS } from "../search/kinds/runs";
import { decodePlace, encodePlace, placeOf, type SortedRow } from "../search/places";
import { jsonResponse } from "../wire/answer";
import type { Requests } from "../wire/contract.generated";
import { checkMaxResults } from "../wire/validate";
import { experimentId } from "./experiment";
import { wireRun } from "./run";
import { runsById } from "./run-data";
import { inExperiments, type RunScope } from "./run-filter";
import { runOrder } from "./run-order";
import { alongPage, firstLook, firstPage, isConclusive, sortedPage, widerLook } from "./run-pages";
import type { RunQuery } from "./run-query";
import { RUN_TEXT, type RunText, wireTexts } from "./run-text";
import { stagesOf, type ViewType } from "./views";

/** A row of a page: the run's id, what it was sorted by, and its text where that was asked for. */
type PageRow = Partial<RunText> & { id: string; isLed?: number } & SortedRow;

/** Answers a search, as JSON text. Errors: 400 for what MLflow refuses. */
export async function searchRuns(env: Env, db: Database, request: Requests["searchRuns"]): Promise<Response> {
  const { experiment_ids = [], max_results = DEFAULT_SEARCH_RUNS, page_token } = request;
  checkMaxResults(max_results, MAX_SEARCH_RESULTS);
  const scope = scopeOf(experiment_ids, request.run_view_type);
  const filter = filterOf(RUNS, request.filter);
  const keys = orderOf(RUNS, request.order_by);
  const order = runOrder(keys, new Params());
  const place = decodePlace(page_token, keys, order.columns);
  if (scope.experimentIds.length === 0) return jsonResponse("{}");
  const text = max_results <= SEARCH_SLICE;
  const query: RunQuery = { scope, filter, order: keys, rows: max_results + 1, place, text };
  const looksAtMetrics = mentions("metric", filter, keys);
  const { rows, isPublished } = await freshPage(env, query, looksAtMetrics).catch((error) => {
    // Some run has more than the database takes for one text: the page's ids then, and its runs in parts.
    if (!isTooBig(error)) throw error;
    return freshPage(env, { ...query, text: false }, looksAtMetrics);
  });
  const page = rows.slice(0, max_results);
  const last = page.at(-1);
  const end = last && rows.length > max_results ? encodePlace(keys, placeOf(last, order.columns)) : undefined;
  const closing = `]${end ? `,"next_page_token":"${end}"` : ""}}`;
  if (page.length === 0) return jsonResponse("{}");
  if (page.every(hasText)) return jsonResponse(`{"runs":[${await wireTexts(env, db, page, isPublished)}${closing}`);
  return await streamed(
    env,
    db,
    page.map(({ id }) => id),
    isPublished,
    closing,
  );
}

/** What a search looks for, without the page it wants. */
export type RunSearch = Pick<Requests["searchRuns"], "experiment_ids" | "run_view_type" | "filter" | "order_by">;

/**
 * The ids of all runs a search finds, in its order, at most `limit`; `isPublished` where the metrics of all of them are
 * known to be in D1. Errors: 400 for what MLflow refuses.
 */
export async function findRunIds(
  env: Env,
  search: RunSearch,
  limit: number,
): Promise<{ ids: string[]; isPublished: boolean }> {
  const scope = scopeOf(search.experiment_ids ?? [], search.run_view_type);
  const filter = filterOf(RUNS, search.filter);
  const order = orderOf(RUNS, search.order_by);
  const query: RunQuery = { scope, filter, order, rows: limit, place: undefined, text: false };
  const { rows, isPublished } = await freshPage(env, query, mentions("metric", filter, order));
  return { ids: rows.map(({ id }) => id), isPublished };
}

/** Experiment ids are checked; unknown ones find nothing. */
function scopeOf(experimentIds: readonly string[], view: ViewType | undefined): RunScope {
  return { experimentIds: [...new Set(experimentIds.map(experimentId))], stages: stagesOf(view) };
}

const answer = (body: BodyInit): Response =>
  typeof body === "string"
    ? jsonResponse(body)
    : new Response(body, { headers: { "Content-Type": "application/json" } });

const hasText = (row: PageRow): row is PageRow & RunText => row.head !== undefined;

/**
 * A page that sees every acknowledged write. Where metrics decide what is on it, the hot runs of its experiments publish
 * their latest values first; that there are any is asked along with the page, since mostly there are none.
 */
async function freshPage(
  env: Env,
  query: RunQuery,
  looksAtMetrics: boolean,
): Promise<{ rows: PageRow[]; isPublished: boolean }> {
  if (!looksAtMetrics) return { rows: await findPage(env, query), isPublished: false };
  const hot = hotRuns(query.scope);
  const extra: { id: string }[] = [];
  const rows = await findPage(env, query, hot, extra);
  if (extra.length === 0) return { rows, isPublished: true };
  await eachBounded(extra, ({ id }) => withLog(env, id, (log) => log.publishLatest(id)));
  // Beyond the bound a run shows what it published last, and its row on the page what its log says.
  return { rows: await findPage(env, query), isPublished: extra.length < MAX_HOT_READS };
}

function hotRuns(scope: RunScope): Statement {
  const params = new Params();
  // Spelt as the partial index has it.
  const where = `${inExperiments("runs", scope, params)} AND hot = 1`;
  return params.statement(`SELECT run_id AS id FROM runs WHERE ${where} LIMIT ${params.bind(MAX_HOT_READS)}`);
}

/**
 * Searches whose page was full along its order the last time: they are tried so again, without asking what else could
 * lead. A search is asked again and again, by a page that is open or page by page.
 */
const fullAlong = new Set<string>();
const MAX_REMEMBERED = 1000;

/** Runs the statements of a page, see run-pages.ts; a `beside` statement goes with the first of them, its rows into `extra`. */
async function findPage(
  env: Env,
  query: RunQuery,
  beside?: Statement,
  extra: { id: string }[] = [],
): Promise<PageRow[]> {
  const shape = JSON.stringify([query.scope, query.filter, query.order]);
  const isKnown = fullAlong.delete(shape);
  const first = isKnown ? alongPage(query, firstLook(query)) : firstPage(query);
  const [found = [], besides = []] = await runStatements(env.DB, [first, ...(beside ? [beside] : [])]);
  extra.push(...(besides as { id: string }[]));
  const page = pageOf(query, firstLook(query), found);
  if (page?.length === query.rows && (isKnown || page.at(-1)?.isLed === 0)) {
    if (fullAlong.size >= MAX_REMEMBERED) fullAlong.clear();
    fullAlong.add(shape);
  }
  if (page) return page;
  const [again = []] = isKnown ? await runStatements(env.DB, [firstPage(query)]) : [found];
  return pageOf(query, firstLook(query), again) ?? (await farther(env, query, again));
}

/** A page that was not full, along its order farther on where that promises to do, and else of all runs. */
async function farther(env: Env, query: RunQuery, found: readonly unknown[]): Promise<PageRow[]> {
  // The last row is no run.
  let count = found.length - 1;
  for (let look = widerLook(query, count, firstLook(query)); look !== undefined; look = widerLook(query, count, look)) {
    const [wider = []] = await runStatements(env.DB, [alongPage(query, look)]);
    const page = pageOf(query, look, wider);
    if (page) return page;
    count = wider.length - 1;
  }
  const [page] = await runStatements(env.DB, [sortedPage(query)]);
  return page as PageRow[];
}

/** The page in what was found by looking so far; undefined where that is not all of it. */
function pageOf(query: RunQuery, look: number, found: readonly unknown[]): PageRow[] | undefined {
  const rows = found as (PageRow | { id: null; k0: string })[];
  const last = rows.at(-1);
  const page = rows.filter((row): row is PageRow => row.id !== null);
  return last?.id !== null || isConclusive(query, look, JSON.parse(last.k0)) ? page : undefined;
}

/**
 * An answer of more runs than are read at once: which they are is settled, and their text is fetched as the client
 * takes it, so that memory holds one slice. What can fail by the request's fault has been done by now.
 */
async function streamed(
  env: Env,
  db: Database,
  ids: readonly string[],
  isPublished: boolean,
  closing: string,
): Promise<Response> {
  const encoder = new TextEncoder();
  let from = 0;
  const slice = async () => {
    const text = await sliceText(env, db, ids.slice(from, from + SEARCH_SLICE), isPublished);
    const opening = from === 0 ? '{"runs":[' : text && ",";
    from += SEARCH_SLICE;
    return encoder.encode(opening + text + (from >= ids.length ? closing : ""));
  };
  const first = await slice();
  if (from >= ids.length) return answer(first);
  let next: Uint8Array | undefined = first;
  return answer(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(next ?? (await slice()));
        next = undefined;
        if (from >= ids.length) controller.close();
      },
    }),
  );
}

/** Some runs' text, by their ids. Runs that are gone meanwhile are left out. */
async function sliceText(env: Env, db: Database, ids: readonly string[], isPublished: boolean): Promise<string> {
  const params = new Params();
  const sql = `SELECT ${RUN_TEXT} FROM json_each(${params.bind(JSON.stringify(ids))}) page
    CROSS JOIN runs r ON r.run_id = page.value`;
  try {
    const [rows] = await runStatements(env.DB, [params.statement(sql)]);
    return await wireTexts(env, db, rows as RunText[], isPublished);
  } catch (error) {
    if (!isTooBig(error)) throw error;
  }
  const runs = await runsById(env, db, ids);
  return runs.map(({ run, data }) => JSON.stringify(wireRun(run, { ...data, modelInputs: [] }))).join(",");
}
