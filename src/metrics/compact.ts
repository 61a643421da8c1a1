/**
 * Merging the chunks of a run whose log is empty: overlapping chunks become disjoint, small neighbours become full ones.
 * Works through a series from its beginning with bounded memory, in steps that each leave D1 whole: new chunks come and
 * the chunks they replace go in one transaction, and what is in both kinds meanwhile is only a repeat to readers.
 */
import type { Columns } from "./block";
import { CHUNK_POINTS, CHUNK_SQL } from "./chunk";
import { newColumns, slice, sortedDistinct } from "./observation";
import {
  byStart,
  chunkStretch,
  clusters,
  concatenate,
  fetchPieces,
  type Header,
  type Piece,
  type Stretch,
} from "./pieces";
import { chunkStatements } from "./publish";

/** Observations written in one transaction: 32 full chunks, about 1.5 MB. */
const STEP_POINTS = 32 * CHUNK_POINTS;

/**
 * Merges what is worth it. `nextPosition` hands out log positions nobody used. `slack` is how many chunks more than
 * needed a key may have before it is touched. Returns the number of keys rewritten.
 */
export async function compactRun(
  d1: D1Database,
  runId: string,
  slack: number,
  nextPosition: () => number,
): Promise<number> {
  const { results } = await d1
    .prepare(
      `SELECT key, count(*) AS chunks, sum(count) AS points FROM metric_chunks WHERE run_id = ?1
       GROUP BY key HAVING count(*) > 1`,
    )
    .bind(runId)
    .all<{ key: string; chunks: number; points: number }>();
  let rewritten = 0;
  for (const { key, chunks, points } of results) {
    if (chunks <= Math.ceil(points / CHUNK_POINTS) + slack) continue;
    if (await compactKey(d1, runId, key, nextPosition)) rewritten++;
  }
  return rewritten;
}

async function compactKey(d1: D1Database, runId: string, key: string, nextPosition: () => number): Promise<boolean> {
  const { results } = await d1
    .prepare(`SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory
       FROM metric_chunks AS c WHERE c.run_id = ?1 AND c.key = ?2`)
    .bind(runId, key)
    .all<Record<string, unknown>>();
  const groups = worthMerging((results as unknown as Header[]).map(chunkStretch).sort(byStart));
  for (const group of groups) await mergeGroup(d1, runId, key, group, nextPosition);
  return groups.length > 0;
}

const pointsOf = (s: Stretch): number => s.pieces.reduce((n, p) => n + p.count, 0);

/** Neighbours to rewrite together: those that overlap, and those that are less than half full. Pure. */
export function worthMerging(sorted: readonly Stretch[]): Stretch[][] {
  const groups: Stretch[][] = [];
  let open: Stretch[] = [];
  const close = () => {
    if (open.length > 1) groups.push(open);
    open = [];
  };
  for (const cluster of clusters(sorted)) {
    const [only] = cluster;
    if (cluster.length === 1 && only && pointsOf(only) >= CHUNK_POINTS / 2) close();
    else open.push(...cluster);
  }
  close();
  return groups;
}

async function mergeGroup(
  d1: D1Database,
  runId: string,
  key: string,
  group: readonly Stretch[],
  nextPosition: () => number,
): Promise<void> {
  let waiting: Columns = newColumns(0);
  let old: Stretch[] = [];
  for (const [i, next] of group.entries()) {
    await fetchPieces(d1, next.pieces);
    waiting = sortedDistinct(join(waiting, concatenate(next.pieces)));
    for (const piece of next.pieces) piece.columns = undefined;
    old.push(next);
    const following = group[i + 1];
    // Everything before the next chunk's beginning is final. Full chunks of it go out once a step is full; at the end, all.
    const final = following ? countBefore(waiting, following) : waiting.values.length;
    if (following && final < STEP_POINTS) continue;
    const out = following ? final - (final % CHUNK_POINTS) : final;
    const rest = slice(waiting, out, waiting.values.length);
    const replaced = following ? old.filter((s) => endsBefore(s, rest)) : old;
    await replace(d1, runId, key, slice(waiting, 0, out), replaced, nextPosition());
    old = old.filter((s) => !replaced.includes(s));
    waiting = copy(rest);
  }
}

/** One transaction: the new chunks, the position they have, and the chunks whose observations are all in chunks before. */
async function replace(
  d1: D1Database,
  runId: string,
  key: string,
  columns: Columns,
  replaced: readonly Stretch[],
  position: number,
): Promise<void> {
  const gone = replaced.map((s) => {
    const source = s.pieces[0]?.source;
    return [source?.position, source?.part];
  });
  await d1.batch([
    d1.prepare("UPDATE runs SET log_position = max(log_position, ?2) WHERE run_id = ?1").bind(runId, position),
    ...chunkStatements(d1, { runId, position, sealed: new Map([[key, columns]]) }),
    d1
      .prepare(
        `DELETE FROM metric_chunks WHERE run_id = ?1 AND key = ?2
         AND (position, part) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?3))`,
      )
      .bind(runId, key, JSON.stringify(gone)),
  ]);
}

/** How many observations surely lie before a chunk's first one. */
function countBefore({ steps, timestamps }: Columns, next: Stretch): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    const step = steps[mid] as number;
    const before = step < next.minStep || (step === next.minStep && (timestamps[mid] as number) < next.minTimestamp);
    if (before) low = mid + 1;
    else high = mid;
  }
  return low;
}

function endsBefore(s: Stretch, rest: Columns): boolean {
  const step = rest.steps[0];
  if (step === undefined) return true;
  return s.maxStep < step || (s.maxStep === step && s.maxTimestamp < (rest.timestamps[0] as number));
}

function join(a: Columns, b: Columns): Columns {
  const pieces = [a, b].map((columns): Pick<Piece, "columns" | "count"> => ({ columns, count: columns.values.length }));
  return concatenate(pieces);
}

const copy = (c: Columns): Columns => ({
  steps: c.steps.slice(),
  timestamps: c.timestamps.slice(),
  values: c.values.slice(),
});
