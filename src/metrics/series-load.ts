/**
 * Reading series for charts: first every chunk's bounds and the tails of hot runs (one query, one call a hot run), then, in
 * lots of bounded size, the overviews or blocks that the plan names, which go through one thinner a series.
 */
import type { Env } from "../env";
import type { Columns } from "./block";
import { CHUNK_SQL, decodeBlocks, fromBase64, readDirectory } from "./chunk";
import { unpack, withoutMoves } from "./history-load";
import { sortedByTime, sortedDistinct } from "./observation";
import { type Cells, decodeOverview } from "./overview";
import { ChunksMoved, concatenate } from "./pieces";
import { eachBounded, withLog } from "./run-logs";
import type { SeriesX, ThinSeries } from "./series-format";
import { type ChunkBounds, isTimeOrdered, type Level, planSeries, type Segment, type SeriesPlan } from "./series-plan";
import { type Axis, Thinner, warmUp } from "./series-thin";

export interface SeriesRequest {
  runIds: readonly string[];
  keys: readonly string[];
  x: SeriesX;
  from?: number;
  to?: number;
  buckets: number;
  /** Weight of the moving average; undefined for none. */
  smoothing?: number;
}

/** Characters asked of D1 at once, about. */
const LOT = 4_000_000;
/** Characters that a chunk takes at each level, about: for each observation, and anyway. */
const SIZE: Record<Level, [number, number]> = { coarse: [0.09, 200], fine: [0.5, 200], whole: [6.5, 1500] };
const LEVELS: readonly Level[] = ["coarse", "fine", "whole"];

/**
 * The series asked for that have observations in the range, by key and then by run, in the order of the request.
 * Exact for hot runs: nothing acknowledged before the call is missing. Errors: DamagedBlockError.
 */
export async function loadSeries(env: Env, request: SeriesRequest): Promise<ThinSeries[]> {
  return await withoutMoves(env, async () => {
    const plans = plansOf(request, await loadBounds(env, request));
    await readPlans(env, request, plans);
    return plans.flatMap(({ r, k, plan: { axis }, thinner }) => {
      const rows = thinner.rows();
      if (!rows) return [];
      const run_id = request.runIds[r] as string;
      const key = request.keys[k] as string;
      return [{ run_id, key, ...rows, ...(request.x === "relative" && { origin: axis.origin }) }];
    });
  });
}

interface RunRow {
  r: number;
  hot: number;
  log_position: number;
  start_time: number;
}

/** Everything known without reading a chunk; chunks and tails belong together as in history-load.ts. */
export interface Bounds {
  /** By place of the run. */
  starts: Map<number, number>;
  /** By place of the run and of the key. */
  chunks: Map<string, ChunkBounds[]>;
  tails: Map<string, Columns>;
}

const placeOf = (r: number, k: number): string => `${r} ${k}`;

export async function loadBounds(env: Env, { runIds, keys }: Pick<SeriesRequest, "runIds" | "keys">): Promise<Bounds> {
  const ids = JSON.stringify(runIds);
  const chunks = env.DB.prepare(
    `SELECT r.key AS r, k.key AS k, c.position, c.part, c.count,
       c.min_step, c.max_step, c.min_timestamp, c.max_timestamp
     FROM json_each(?1) AS r CROSS JOIN json_each(?2) AS k
     CROSS JOIN metric_chunks AS c ON c.run_id = r.value AND c.key = k.value`,
  ).bind(ids, JSON.stringify(keys));
  const runs = env.DB.prepare(
    `SELECT j.key AS r, runs.hot, runs.log_position, runs.start_time
     FROM json_each(?1) AS j CROSS JOIN runs ON runs.run_id = j.value`,
  ).bind(ids);
  const [found, bounds] = await env.DB.batch<Record<string, unknown>>([runs, chunks]);
  const rows = (found?.results ?? []) as unknown as RunRow[];
  let all = (bounds?.results ?? []) as unknown as ChunkBounds[];
  const tails = new Map<string, Columns>();
  const places = new Map(keys.map((key, k) => [key, k]));
  let published = false;
  await eachBounded(
    rows.filter((run) => run.hot === 1),
    async ({ r, log_position }) => {
      const tail = await withLog(env, runIds[r] as string, (log) => log.unpublishedKeys(keys));
      if (tail.position > log_position) published = true;
      for (const [key, columns] of unpack(tail.pack)) {
        tails.set(placeOf(r, places.get(key) as number), sortedDistinct(columns));
      }
    },
  );
  // A log published between the two reads: what left the tail is in D1 now.
  if (published) all = (await chunks.all<Record<string, unknown>>()).results as unknown as ChunkBounds[];
  return {
    starts: new Map(rows.map((run) => [run.r, run.start_time])),
    chunks: Map.groupBy(all, ({ r, k }) => placeOf(r, k)),
    tails,
  };
}

interface Plan {
  r: number;
  k: number;
  plan: SeriesPlan;
  thinner: Thinner;
}

/** A plan a series that has anything, by key and then by run. Buckets of a key are the same for all its runs. */
function plansOf(request: SeriesRequest, bounds: Bounds): Plan[] {
  const { runIds, keys, x, buckets, smoothing } = request;
  const by = x === "step" ? "steps" : "timestamps";
  const from = request.from ?? Number.NEGATIVE_INFINITY;
  const to = request.to ?? Number.POSITIVE_INFINITY;
  return keys.flatMap((_, k) => {
    const own = runIds.flatMap((_, r) => {
      const chunks = bounds.chunks.get(placeOf(r, k)) ?? [];
      const tail = bounds.tails.get(placeOf(r, k));
      if (chunks.length === 0 && !tail) return [];
      const span = spanOf(chunks, tail, by);
      const origin = x === "relative" ? bounds.starts.get(r) || span.min : 0;
      return [{ r, k, chunks, tail, origin, min: span.min - origin, max: span.max - origin }];
    });
    const low = own.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY);
    const high = own.reduce((most, { max }) => Math.max(most, max), Number.NEGATIVE_INFINITY);
    return own.map(({ r, chunks, tail, origin }): Plan => {
      const axis: Axis = { by, origin, from, to, low: Math.max(low, from), high: Math.min(high, to) };
      const isWhole = smoothing !== undefined;
      const plan = planSeries(chunks, tail, axis, { buckets, isWhole, warmUp: warmUp(smoothing ?? 0) });
      return { r, k, plan, thinner: new Thinner(axis, buckets, smoothing) };
    });
  });
}

/** Where a series begins and ends. */
export function spanOf(
  chunks: readonly ChunkBounds[],
  tail: Columns | undefined,
  by: Axis["by"],
): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const c of chunks) {
    min = Math.min(min, by === "steps" ? c.min_step : c.min_timestamp);
    max = Math.max(max, by === "steps" ? c.max_step : c.max_timestamp);
  }
  for (const x of tail?.[by] ?? []) {
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return { min, max };
}

/** Reads what the plans name and gives it to their thinners. */
async function readPlans(env: Env, request: SeriesRequest, plans: readonly Plan[]): Promise<void> {
  const unordered = new Set<Plan>();
  for await (const { plan, columns, cells } of readSegments(env, request, plans)) {
    if (unordered.has(plan)) continue;
    const byTime = plan.plan.axis.by === "timestamps";
    if (byTime && !plan.plan.mustSort && !(cells ? cells.timeOrdered : isTimeOrdered(columns))) unordered.add(plan);
    else if (cells) plan.thinner.cells(cells);
    else plan.thinner.points(columns);
  }
  if (unordered.size === 0) return;
  // Only now it shows that these have to be sorted by time: again from the start.
  for (const plan of unordered) {
    plan.thinner = new Thinner(plan.plan.axis, request.buckets, request.smoothing);
    plan.plan.mustSort = true;
    for (const segment of plan.plan.segments) segment.level = "whole";
  }
  await readPlans(env, request, [...unordered]);
}

/** What is read of a segment, in order: observations, or cells. */
export type Read<P> = { plan: P } & ({ columns: Columns; cells?: undefined } | { cells: Cells; columns?: undefined });

/** Plans' segments in order, read lot by lot; of a plan that must be sorted, all its observations at once. */
export async function* readSegments<P extends { r: number; k: number; plan: SeriesPlan }>(
  env: Env,
  request: Pick<SeriesRequest, "runIds" | "keys" | "smoothing">,
  plans: readonly P[],
): AsyncGenerator<Read<P>> {
  const steps = plans.flatMap((plan) => plan.plan.segments.map((segment) => ({ plan, segment })));
  const lots = lotsOf(steps, ({ segment }) => itemsOf(segment).reduce((size, item) => size + sizeOf(item), 0));
  const read = (lot: typeof steps | undefined) => {
    const reading =
      lot &&
      fetchChunks(
        env,
        request,
        lot.flatMap(({ segment }) => itemsOf(segment)),
      );
    // Should the lot before it fail, nobody awaits this one.
    reading?.catch(() => undefined);
    return reading;
  };
  let next = read(lots[0]);
  let unsorted: Columns[] = [];
  for (const [i, lot] of lots.entries()) {
    const fetched = (await next) ?? [];
    next = read(lots[i + 1]);
    let at = 0;
    for (const { plan, segment } of lot) {
      const own = fetched.slice(at, at + segment.chunks.length);
      at += segment.chunks.length;
      const [first] = own;
      if (segment.level !== "whole" && first?.data === null) {
        yield { plan, cells: decodeOverview(fromBase64(first.head)) };
        continue;
      }
      const { axis, mustSort, segments } = plan.plan;
      const columns = decodeSegment(segment, own, axis, request.smoothing !== undefined);
      if (!mustSort) yield { plan, columns };
      else {
        unsorted.push(columns);
        if (segment !== segments[segments.length - 1]) continue;
        yield { plan, columns: sortedByTime(concatenate(unsorted.map(asPiece))) };
        unsorted = [];
      }
    }
  }
}

const asPiece = (columns: Columns) => ({ columns, count: columns.values.length });

function sizeOf({ chunk: { count }, level }: Item): number {
  const [each, anyway] = SIZE[level];
  return count * each + anyway;
}

function lotsOf<T>(steps: readonly T[], size: (step: T) => number): T[][] {
  const lots: T[][] = [];
  let room = 0;
  for (const step of steps) {
    const need = size(step);
    if (need > room || lots.length === 0) {
      lots.push([]);
      room = LOT;
    }
    lots[lots.length - 1]?.push(step);
    room -= need;
  }
  return lots;
}

interface Item {
  chunk: ChunkBounds;
  level: Level;
}

const itemsOf = ({ chunks, level }: Segment): Item[] => chunks.map((chunk) => ({ chunk, level }));

/** An overview as `head`, or a directory as `head` and the blocks as `data`. */
interface Fetched {
  head: string;
  data: string | null;
}

const WHOLE = LEVELS.indexOf("whole");

/** Errors: ChunksMoved where one of them is gone. */
async function fetchChunks(
  env: Env,
  { runIds, keys }: Pick<SeriesRequest, "runIds" | "keys">,
  items: readonly Item[],
): Promise<Fetched[]> {
  const out: Fetched[] = [];
  const missing: number[] = [];
  const read = async (places: readonly number[], level?: Level) => {
    const wanted = places.map((i) => {
      const { chunk, level: own } = items[i] as Item;
      return [chunk.r, chunk.k, chunk.position, chunk.part, LEVELS.indexOf(level ?? own)];
    });
    const { results } = await env.DB.prepare(
      `SELECT j.key AS i,
         CASE j.value ->> 4 WHEN 0 THEN ${CHUNK_SQL.coarse} WHEN 1 THEN ${CHUNK_SQL.fine}
           ELSE ${CHUNK_SQL.directory} END AS head,
         CASE WHEN j.value ->> 4 = ${WHOLE} THEN c.data END AS data
       FROM json_each(?1) AS j CROSS JOIN metric_chunks AS c
         ON c.run_id = ?2 ->> (j.value ->> 0) AND c.key = ?3 ->> (j.value ->> 1)
         AND c.position = j.value ->> 2 AND c.part = j.value ->> 3`,
    )
      .bind(JSON.stringify(wanted), JSON.stringify(runIds), JSON.stringify(keys))
      .all<{ i: number; head: string | null; data: string | null }>();
    if (results.length !== places.length) throw new ChunksMoved();
    for (const { i, head, data } of results) {
      const place = places[i] as number;
      if (head === null) missing.push(place);
      else out[place] = { head, data };
    }
  };
  const all = items.map((_, i) => i);
  for (const lot of lotsOf(all, (i) => sizeOf(items[i] as Item))) await read(lot);
  // Chunks from before there were overviews are read whole.
  for (const i of missing.splice(0)) await read([i], "whole");
  return out;
}

/** A segment's observations, those of blocks out of the range left out: of all blocks up to its end where an average needs them. */
function decodeSegment(
  { chunks, tail }: Segment,
  fetched: readonly Fetched[],
  axis: Axis,
  isAverage: boolean,
): Columns {
  const from = isAverage ? Number.NEGATIVE_INFINITY : axis.from;
  const parts = chunks.map((_, i): Columns => {
    const { head, data } = fetched[i] as Fetched;
    const blocks = readDirectory(head).filter((block) => {
      const [min, max] =
        axis.by === "steps" ? [block.minStep, block.maxStep] : [block.minTimestamp, block.maxTimestamp];
      return max - axis.origin >= from && min - axis.origin <= axis.to;
    });
    return concatenate(blocks.map((block) => asPiece(decodeBlocks((data as string).slice(block.from), [block]))));
  });
  if (tail) parts.push(tail);
  const [only] = parts;
  return parts.length === 1 && only ? only : sortedDistinct(concatenate(parts.map(asPiece)));
}
