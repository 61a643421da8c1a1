/** What a chart is told to draw, and what its rows come to; plain functions. */
import { lineOf, nearestRow, type Track } from "./track";

/** One line of a chart: a run's, the baseline's, or the mean of many. */
export interface ChartLine {
  /** The run's id, or a name of its own for a mean. */
  id: string;
  name: string;
  /** Which of the series colours; the baseline is drawn in ink. */
  color: number;
  baseline: boolean;
  live: boolean;
  track: Track;
  /** How many runs a mean stands for. */
  runs?: number;
}

/** A line ready to be painted. */
export interface Drawn {
  line: ChartLine;
  /** What is drawn boldly: smoothed, or as it is. */
  y: readonly number[];
  /** What stays behind it, faint, where `y` is smoothed. */
  raw: readonly number[] | undefined;
}

export function toDrawn(line: ChartLine, smoothing: number): Drawn {
  const y = lineOf(line.track, smoothing);
  return { line, y, raw: y === line.track.last ? undefined : line.track.last };
}

/** The stretch of x that the lines cover; undefined without a row. */
export function xExtent(lines: readonly { track: Track }[]): [number, number] | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { track } of lines) {
    const first = track.x[0];
    const last = track.x[track.x.length - 1];
    if (first === undefined || last === undefined) continue;
    min = Math.min(min, first);
    max = Math.max(max, last);
  }
  return min <= max ? [min, max] : undefined;
}

/** Points without a neighbour to be joined to, in rows. */
export function lonelyRows(y: readonly number[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < y.length; i++) {
    if (Number.isFinite(y[i]) && !Number.isFinite(y[i - 1]) && !Number.isFinite(y[i + 1])) found.push(i);
  }
  return found;
}

/** Heights of texts so that none lies on another, as near as can be to those wished for, in the order of the wishes. */
export function spread(wishes: readonly number[], gap: number, lowest: number): number[] {
  const order = wishes.map((_, i) => i).sort((a, b) => (wishes[a] ?? 0) - (wishes[b] ?? 0));
  const places = wishes.slice();
  let above = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    above = Math.max(places[i] ?? 0, above + gap);
    places[i] = above;
  }
  // What was pushed off the lower edge pushes the ones above it back.
  let below = lowest + gap;
  for (const i of order.toReversed()) {
    below = Math.min(places[i] ?? 0, below - gap);
    places[i] = below;
  }
  return places;
}

/** A track less the baseline at the same x, as far as the baseline reaches. */
export function differenceTrack(track: Track, base: Track): Track {
  const end = base.x[base.x.length - 1] ?? Number.NEGATIVE_INFINITY;
  const rows = track.x.filter((x) => x <= end).length;
  const last = track.last.slice(0, rows).map((value, i) => {
    const row = nearestRow(base, track.x[i] ?? 0);
    return row === undefined ? Number.NaN : value - (base.last[row] ?? Number.NaN);
  });
  return {
    ...track,
    x: track.x.slice(0, rows),
    last,
    min: last,
    max: last,
    count: track.count.slice(0, rows),
    nans: track.nans.slice(0, rows),
    smoothed: undefined,
    exact: true,
  };
}

const MEAN_ROWS = 300;

/** The mean of many runs by stretches of x, with the band they lie in. */
export function meanTrack(id: string, tracks: readonly Track[]): Track | undefined {
  const extent = xExtent(tracks.map((track) => ({ track })));
  if (!extent) return undefined;
  const [from, to] = extent;
  const width = (to - from) / MEAN_ROWS || 1;
  const rows = Array.from({ length: MEAN_ROWS + 1 }, () => ({ sum: 0, n: 0, min: Number.NaN, max: Number.NaN, x: 0 }));
  for (const track of tracks) {
    const own = new Map<number, { sum: number; n: number }>();
    track.x.forEach((x, i) => {
      const value = track.last[i] ?? Number.NaN;
      if (!Number.isFinite(value)) return;
      const at = Math.floor((x - from) / width);
      const cell = own.get(at) ?? { sum: 0, n: 0 };
      own.set(at, { sum: cell.sum + value, n: cell.n + 1 });
      const row = rows[at];
      if (row) row.x = Math.max(row.x, x);
    });
    // A run counts once a stretch, however many points it has there.
    for (const [at, { sum, n }] of own) {
      const row = rows[at];
      const value = sum / n;
      if (!row) continue;
      row.sum += value;
      row.n += 1;
      row.min = Number.isNaN(row.min) ? value : Math.min(row.min, value);
      row.max = Number.isNaN(row.max) ? value : Math.max(row.max, value);
    }
  }
  const filled = rows.filter(({ n }) => n > 0);
  return {
    run: id,
    key: tracks[0]?.key ?? "",
    x: filled.map(({ x }) => x),
    last: filled.map(({ sum, n }) => sum / n),
    min: filled.map(({ min }) => min),
    max: filled.map(({ max }) => max),
    count: filled.map(({ n }) => n),
    nans: filled.map(() => 0),
    smoothed: undefined,
    exact: false,
    origin: undefined,
  };
}
