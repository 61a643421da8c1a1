/** Answers from one series' history: pages by time, steps between bounds, observations by rank. */
import type { Columns } from "./block";
import { summary } from "./chunk";
import type { Fetch, History } from "./history-load";
import { newColumns, slice, sortedByTime } from "./observation";
import { concatenate, type Piece } from "./pieces";

/** Observations [offset, offset + limit) of a history in MLflow's order: timestamp, step, value. */
export async function pageByTime(history: History, offset: number, limit: number, fetch: Fetch): Promise<Columns> {
  if (!isTimeOrdered(history.pieces)) {
    await fetch(history.pieces);
    const all = sortedByTime(concatenate(history.pieces));
    return slice(all, offset, Math.min(offset + limit, all.values.length));
  }
  const needed: Piece[] = [];
  let before = 0;
  let skip = 0;
  for (const piece of history.pieces) {
    if (before + piece.count > offset && before < offset + limit) {
      if (needed.length === 0) skip = offset - before;
      needed.push(piece);
    }
    before += piece.count;
  }
  await fetch(needed);
  const columns = concatenate(needed);
  return slice(columns, Math.max(0, skip), Math.min(Math.max(0, skip) + limit, columns.values.length));
}

function isTimeOrdered(pieces: readonly Piece[]): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    if (!piece.timeOrdered || piece.minTimestamp < before) return false;
    before = piece.maxTimestamp;
  }
  return true;
}

/** The pieces cut to steps [from, to]: whole ones stay undecoded, the one at each edge is fetched and cut. */
export async function withinSteps(history: History, from: number, to: number, fetch: Fetch): Promise<History> {
  const touching = history.pieces.filter((p) => p.maxStep >= from && p.minStep <= to);
  await fetch(touching.filter((p) => p.minStep < from || p.maxStep > to));
  const pieces = touching
    .map((piece): Piece => {
      const { columns } = piece;
      if (!columns || (piece.minStep >= from && piece.maxStep <= to)) return piece;
      const start = columns.steps.findIndex((s) => s >= from);
      const past = columns.steps.findIndex((s) => s > to);
      const cut = slice(columns, start, past < 0 ? columns.steps.length : past);
      return {
        ...piece,
        ...(cut.values.length > 0 && summary(cut, 0, cut.values.length)),
        count: cut.values.length,
        columns: cut,
      };
    })
    .filter((p) => p.count > 0);
  return { key: history.key, pieces, count: pieces.reduce((n, p) => n + p.count, 0) };
}

/** The observations at ascending ranks (0-based) of a history, in its order of (step, timestamp, value). */
export async function atRanks(
  histories: readonly { history: History; ranks: readonly number[] }[],
  fetch: Fetch,
): Promise<Columns[]> {
  const plans = histories.map(({ history, ranks }) => {
    const hits: { piece: Piece; index: number }[] = [];
    let piece = 0;
    let before = 0;
    for (const rank of ranks) {
      while (rank >= before + (history.pieces[piece] as Piece).count)
        before += (history.pieces[piece++] as Piece).count;
      hits.push({ piece: history.pieces[piece] as Piece, index: rank - before });
    }
    return hits;
  });
  await fetch([...new Set(plans.flat().map((hit) => hit.piece))]);
  return plans.map((hits) => {
    const out = newColumns(hits.length);
    hits.forEach(({ piece, index }, i) => {
      const c = piece.columns as Columns;
      out.steps[i] = c.steps[index] as number;
      out.timestamps[i] = c.timestamps[index] as number;
      out.values[i] = c.values[index] as number;
    });
    return out;
  });
}
