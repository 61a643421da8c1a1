/**
 * Pages of a long series: which chunks a page needs follows from their rows alone, so that a million points cost little more
 * than the page. Series that are still being written to, and those whose chunks overlap, are read as all others are.
 */
import type { Env } from "../env";
import type { Columns } from "./block";
import { CHUNK_SQL, decodeBlocks, readDirectory } from "./chunk";
import { pageByTime } from "./history";
import { type History, withHistories, withoutMoves } from "./history-load";
import { newColumns, slice, sortedByTime } from "./observation";
import { ChunksMoved, concatenate } from "./pieces";

/** Chunks fetched by one query: about 3 MB. */
const CHUNKS_A_QUERY = 64;

export interface HistoryPage {
  columns: Columns;
  /** Of the whole series. */
  count: number;
}

interface ChunkRow {
  position: number;
  part: number;
  count: number;
  min_step: number;
  max_step: number;
  min_timestamp: number;
  max_timestamp: number;
}

/** Observations [offset, offset + limit) of a run's key, in MLflow's order: timestamp, step, value. */
export async function historyPage(
  env: Env,
  runId: string,
  key: string,
  offset: number,
  limit = Number.POSITIVE_INFINITY,
): Promise<HistoryPage> {
  const page = await withoutMoves(env, () => pageOfChunks(env.DB, runId, key, offset, limit));
  if (page) return page;
  return await withHistories(env, [runId], key, async (histories, fetch) => {
    const history = histories.get(runId) as History;
    return { columns: await pageByTime(history, offset, Math.min(limit, history.count), fetch), count: history.count };
  });
}

async function pageOfChunks(
  d1: D1Database,
  runId: string,
  key: string,
  offset: number,
  limit: number,
): Promise<HistoryPage | undefined> {
  const [hot, found] = await d1.batch<unknown>([
    d1.prepare("SELECT 1 FROM runs WHERE run_id = ?1 AND hot = 1").bind(runId),
    d1
      .prepare(
        `SELECT position, part, count, min_step, max_step, min_timestamp, max_timestamp
         FROM metric_chunks WHERE run_id = ?1 AND key = ?2 ORDER BY min_step, min_timestamp`,
      )
      .bind(runId, key),
  ]);
  const chunks = (found?.results ?? []) as ChunkRow[];
  if ((hot?.results.length ?? 0) > 0 || !followEachOther(chunks)) return undefined;
  const count = chunks.reduce((n, chunk) => n + chunk.count, 0);
  const needed: ChunkRow[] = [];
  let before = 0;
  let skip = 0;
  for (const chunk of chunks) {
    if (before + chunk.count > offset && before < offset + limit) {
      if (needed.length === 0) skip = offset - before;
      needed.push(chunk);
    }
    before += chunk.count;
  }
  if (needed.length === 0) return { columns: newColumns(0), count };
  const all = await readChunks(d1, runId, key, needed);
  return { columns: slice(all, skip, Math.min(skip + limit, all.values.length)), count };
}

/** Whether chunks in order of steps are so in time, too, none sharing a step and a moment with the next. */
function followEachOther(chunks: readonly ChunkRow[]): boolean {
  return chunks.every((chunk, i) => {
    const last = chunks[i - 1];
    if (!last) return true;
    const isLater = chunk.min_timestamp > last.max_timestamp;
    if (chunk.min_step === last.max_step) return isLater;
    return chunk.min_step > last.max_step && (isLater || chunk.min_timestamp === last.max_timestamp);
  });
}

/** Whole chunks in their order, each sorted by time. Errors: DamagedBlockError. */
async function readChunks(d1: D1Database, runId: string, key: string, chunks: readonly ChunkRow[]): Promise<Columns> {
  const parts: { columns: Columns; count: number }[] = [];
  for (let from = 0; from < chunks.length; from += CHUNKS_A_QUERY) {
    parts.push(...(await readSome(d1, runId, key, chunks.slice(from, from + CHUNKS_A_QUERY))));
  }
  return concatenate(parts);
}

async function readSome(d1: D1Database, runId: string, key: string, chunks: readonly ChunkRow[]) {
  const { results } = await d1
    .prepare(
      `SELECT ${CHUNK_SQL.directory} AS directory, c.data
       FROM json_each(?3) AS j CROSS JOIN metric_chunks AS c
         ON c.run_id = ?1 AND c.key = ?2 AND c.position = j.value ->> 0 AND c.part = j.value ->> 1 ORDER BY j.key`,
    )
    .bind(runId, key, JSON.stringify(chunks.map(({ position, part }) => [position, part])))
    .all<{ directory: string; data: string }>();
  if (results.length !== chunks.length) throw new ChunksMoved();
  return results.map(({ directory, data }) => {
    const blocks = readDirectory(directory);
    const columns = decodeBlocks(data, blocks);
    const isOrdered = blocks.every((block, i) => {
      const last = blocks[i - 1];
      return block.timeOrdered && (!last || block.minTimestamp >= last.maxTimestamp);
    });
    return { columns: isOrdered ? columns : sortedByTime(columns), count: columns.values.length };
  });
}
