/**
 * Loading history: D1's chunk headers first (one query for any number of runs or keys), the log's tail of runs that are
 * hot, and then only the blocks an answer needs. What is read may lie in chunks that overlap (late or repeated
 * observations published apart): overlapping pieces are merged, everything else stays undecoded until wanted.
 */
import type { Env } from "../env";
import type { Columns } from "./block";
import { CHUNK_SQL } from "./chunk";
import { newColumns, sortedDistinct } from "./observation";
import { decodePacks } from "./pack";
import {
  byStart,
  ChunksMoved,
  chunkStretch,
  clusters,
  concatenate,
  fetchPieces,
  type Header,
  memoryPiece,
  type Piece,
  stretch,
} from "./pieces";
import { eachBounded, withLog } from "./run-logs";

/** One series of one run: its pieces in order of (step, timestamp, value), none overlapping another. */
export interface History {
  key: string;
  pieces: Piece[];
  count: number;
}

/** Brings pieces into memory; those that are stay as they are. */
export type Fetch = (pieces: readonly Piece[]) => Promise<void>;

/** Chunks may be merged between reading headers and blocks; then everything is read again. */
const ATTEMPTS = 4;

/** Reads one key of many runs and does `work` on it, again if chunks were merged meanwhile. Every run has a history. */
export function withHistories<T>(
  env: Env,
  runIds: readonly string[],
  key: string,
  work: (histories: Map<string, History>, fetch: Fetch) => Promise<T>,
): Promise<T> {
  return withManyHistories(env, runIds, [key], (byRun, fetch) => {
    const histories = new Map<string, History>();
    for (const [runId, [history]] of byRun) if (history) histories.set(runId, history);
    return work(histories, fetch);
  });
}

/** Reads some keys of many runs. Every run has a history of each key, in their order. */
export function withManyHistories<T>(
  env: Env,
  runIds: readonly string[],
  keys: readonly string[],
  work: (histories: Map<string, History[]>, fetch: Fetch) => Promise<T>,
): Promise<T> {
  return withoutMoves(env, async (fetch) => {
    const chunks = env.DB.prepare(
      `SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory
       FROM json_each(?1) AS j CROSS JOIN json_each(?2) AS k
       CROSS JOIN metric_chunks AS c ON c.run_id = j.value AND c.key = k.value`,
    ).bind(JSON.stringify(runIds), JSON.stringify(keys));
    const { headers, tails } = await load(env, runIds, chunks, async (runId) => {
      const tail = await withLog(env, runId, (log) => log.unpublishedKeys(keys));
      return { position: tail.position, tails: unpack(tail.pack) };
    });
    const byRun = Map.groupBy(headers, (h) => h.run_id);
    const histories = new Map<string, History[]>();
    for (const runId of runIds) {
      const own = Map.groupBy(byRun.get(runId) ?? [], (h) => h.key);
      const ofRun: History[] = [];
      for (const key of keys) {
        ofRun.push(await buildHistory(key, own.get(key) ?? [], tails.get(runId)?.get(key), fetch));
      }
      histories.set(runId, ofRun);
    }
    return await work(histories, fetch);
  });
}

/** Reads all keys of one run, by key in their order. */
export function withRunHistories<T>(
  env: Env,
  runId: string,
  work: (histories: History[], fetch: Fetch) => Promise<T>,
): Promise<T> {
  return withoutMoves(env, async (fetch) => {
    const chunks = env.DB.prepare(
      `SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory
       FROM metric_chunks AS c WHERE c.run_id = ?1`,
    ).bind(runId);
    const { headers, tails } = await load(env, [runId], chunks, async () => {
      const tail = await withLog(env, runId, (log) => log.unpublishedKeys());
      return { position: tail.position, tails: unpack(tail.pack) };
    });
    const byKey = Map.groupBy(headers, (h) => h.key);
    const own = tails.get(runId);
    const histories: History[] = [];
    for (const key of [...new Set([...byKey.keys(), ...(own?.keys() ?? [])])].sort()) {
      histories.push(await buildHistory(key, byKey.get(key) ?? [], own?.get(key), fetch));
    }
    return await work(histories, fetch);
  });
}

/** Does `work`, again from the start if chunks were merged while it read them. */
export async function withoutMoves<T>(env: Env, work: (fetch: Fetch) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work((pieces) => fetchPieces(env.DB, pieces));
    } catch (error) {
      if (!(error instanceof ChunksMoved) || attempt === ATTEMPTS) throw error;
    }
  }
}

type Tails = Map<string, Map<string, Columns>>;

/** Headers and tails that belong together: nothing that was acknowledged before the call is in neither. */
async function load(
  env: Env,
  runIds: readonly string[],
  chunks: D1PreparedStatement,
  tailOf: (runId: string) => Promise<{ position: number; tails: Map<string, Columns> }>,
): Promise<{ headers: Header[]; tails: Tails }> {
  const [runs, found] = await env.DB.batch<Record<string, unknown>>([
    env.DB.prepare(
      "SELECT run_id, log_position FROM runs WHERE run_id IN (SELECT value FROM json_each(?1)) AND hot = 1",
    ).bind(JSON.stringify(runIds)),
    chunks,
  ]);
  const hot = (runs?.results ?? []) as unknown as { run_id: string; log_position: number }[];
  let headers = (found?.results ?? []) as unknown as Header[];
  const tails: Tails = new Map();
  let published = false;
  await eachBounded(hot, async ({ run_id, log_position }) => {
    const tail = await tailOf(run_id);
    tails.set(run_id, tail.tails);
    if (tail.position > log_position) published = true;
  });
  // A log published between the two reads: what left the tail is in D1 now, so its headers are read after it.
  if (published) headers = (await chunks.all<Record<string, unknown>>()).results as unknown as Header[];
  return { headers, tails };
}

async function buildHistory(
  key: string,
  headers: readonly Header[],
  tail: Columns | undefined,
  fetch: Fetch,
): Promise<History> {
  const stretches = headers.map(chunkStretch);
  if (tail) stretches.push(stretch([memoryPiece(sortedDistinct(tail))]));
  stretches.sort(byStart);

  const pieces: Piece[] = [];
  for (const cluster of clusters(stretches)) {
    const own = cluster.flatMap((s) => s.pieces);
    if (cluster.length === 1) {
      pieces.push(...own);
      continue;
    }
    await fetch(own);
    pieces.push(memoryPiece(sortedDistinct(concatenate(own))));
  }
  return { key, pieces, count: pieces.reduce((n, p) => n + p.count, 0) };
}

/** The columns of each key of a pack. */
export function unpack(pack: Uint8Array): Map<string, Columns> {
  const lists = new Map<string, number[]>();
  decodePacks(pack, (key, step, timestamp, value) => {
    const list = lists.get(key) ?? [];
    list.push(step, timestamp, value);
    lists.set(key, list);
  });
  const columns = new Map<string, Columns>();
  for (const [key, list] of lists) {
    const c = newColumns(list.length / 3);
    for (let i = 0; i < c.values.length; i++) {
      c.steps[i] = list[i * 3] as number;
      c.timestamps[i] = list[i * 3 + 1] as number;
      c.values[i] = list[i * 3 + 2] as number;
    }
    columns.set(key, c);
  }
  return columns;
}
