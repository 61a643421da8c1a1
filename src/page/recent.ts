/** The newest points of some series, published or not: of each no more than a few stored rows are looked at. */
import type { Env } from "../env";
import type { Columns } from "../metrics/block";
import { CHUNK_SQL } from "../metrics/chunk";
import { unpack, withoutMoves } from "../metrics/history-load";
import { sortedDistinct } from "../metrics/observation";
import { chunkStretch, concatenate, type Header, memoryPiece, type Piece } from "../metrics/pieces";
import { eachBounded, withLog } from "../metrics/run-logs";

/** Rows of a series looked at: a live run publishes small ones, once a minute at most. */
const ROWS = 8;

export interface Series {
  run_id: string;
  key: string;
  /** The run's log may hold points that are not published. */
  isHot: boolean;
}

export interface RecentPoint {
  step: number;
  timestamp: number;
  value: number;
}

/** At most `count` points of each series, in the order of their time. */
export async function recentPoints(env: Env, series: readonly Series[], count: number): Promise<RecentPoint[][]> {
  if (series.length === 0) return [];
  // Logs before the database: what is published in between is then read twice, and never not at all.
  const tails = await tailsOf(env, series);
  return await withoutMoves(env, async (fetch) => {
    const headers = await newestRows(env, series);
    const pieces = series.map(({ run_id, key }) => {
      const stored = headers.filter((h) => h.run_id === run_id && h.key === key).flatMap((h) => chunkStretch(h).pieces);
      const tail = tails.get(run_id)?.get(key);
      const fresh = tail ? [memoryPiece(sortedDistinct(tail))] : [];
      return newest([...fresh, ...stored], count);
    });
    await fetch(pieces.flat());
    return pieces.map((own) => pointsOf(sortedDistinct(concatenate(own)), count));
  });
}

async function tailsOf(env: Env, series: readonly Series[]): Promise<Map<string, Map<string, Columns>>> {
  const tails = new Map<string, Map<string, Columns>>();
  const hot = Map.groupBy(
    series.filter(({ isHot }) => isHot),
    ({ run_id }) => run_id,
  );
  await eachBounded([...hot], async ([runId, own]) => {
    const { pack } = await withLog(env, runId, (log) => log.unpublishedKeys(own.map(({ key }) => key)));
    tails.set(runId, unpack(pack));
  });
  return tails;
}

async function newestRows(env: Env, series: readonly Series[]): Promise<Header[]> {
  const { results } = await env.DB.prepare(
    `SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory
     FROM json_each(?1) j CROSS JOIN metric_chunks c ON c.run_id = j.value ->> 0 AND c.key = j.value ->> 1
       AND (c.position, c.part) IN (
         SELECT x.position, x.part FROM metric_chunks x WHERE x.run_id = j.value ->> 0 AND x.key = j.value ->> 1
         ORDER BY x.position DESC, x.part DESC LIMIT ${ROWS})`,
  )
    .bind(JSON.stringify(series.map(({ run_id, key }) => [run_id, key])))
    .all<Record<string, unknown>>();
  return results as unknown as Header[];
}

/** As few pieces as hold the newest `count` points. */
function newest(pieces: readonly Piece[], count: number): Piece[] {
  let held = 0;
  return pieces
    .toSorted((a, b) => b.maxTimestamp - a.maxTimestamp)
    .filter((piece) => {
      const isWanted = held < count;
      held += piece.count;
      return isWanted;
    });
}

function pointsOf({ steps, timestamps, values }: Columns, count: number): RecentPoint[] {
  const points: RecentPoint[] = [];
  for (let i = 0; i < values.length; i++) {
    points.push({ step: steps[i] as number, timestamp: timestamps[i] as number, value: values[i] as number });
  }
  return points.sort((a, b) => a.timestamp - b.timestamp || a.step - b.step).slice(-count);
}
