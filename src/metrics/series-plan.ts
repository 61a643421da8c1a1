/**
 * What a thinned series is read from: its chunks by their bounds alone, in order, those that overlap together, each with
 * how much of it is needed. Pure.
 */
import type { Columns } from "./block";
import { compareByTime } from "./observation";
import { COARSE, FINE, OVERVIEW_MIN } from "./overview";
import { byStart, clusters, type Stretch } from "./pieces";
import type { Axis } from "./series-thin";

/** A chunk as its row's own columns bound it. `r` and `k` are the places of its run and key among those asked for. */
export interface ChunkBounds {
  r: number;
  k: number;
  position: number;
  part: number;
  count: number;
  min_step: number;
  max_step: number;
  min_timestamp: number;
  max_timestamp: number;
}

/** How much of a chunk is read. */
export type Level = "coarse" | "fine" | "whole";

/** A stretch of a series that no other overlaps: one chunk, or several and the log's tail merged. */
export interface Segment {
  chunks: readonly ChunkBounds[];
  tail?: Columns;
  level: Level;
}

export interface SeriesPlan {
  axis: Axis;
  segments: Segment[];
  /** Everything has to be read and sorted by time first: by step and by time are different orders here. */
  mustSort: boolean;
}

interface Part extends Stretch {
  chunk?: ChunkBounds;
  tail?: Columns;
  count: number;
}

const chunkPart = (chunk: ChunkBounds): Part => ({
  chunk,
  count: chunk.count,
  pieces: [],
  minStep: chunk.min_step,
  maxStep: chunk.max_step,
  minTimestamp: chunk.min_timestamp,
  maxTimestamp: chunk.max_timestamp,
});

/** The log's tail, sorted and distinct, not empty. */
function tailPart(tail: Columns): Part {
  const { steps, timestamps } = tail;
  return {
    tail,
    count: steps.length,
    pieces: [],
    minStep: steps[0] as number,
    maxStep: steps[steps.length - 1] as number,
    minTimestamp: timestamps.reduce((t, at) => Math.min(t, at), Number.POSITIVE_INFINITY),
    maxTimestamp: timestamps.reduce((t, at) => Math.max(t, at), Number.NEGATIVE_INFINITY),
  };
}

export interface PlanOptions {
  buckets: number;
  /** Observations before the range that are wanted, too; Infinity never ends before the first. */
  warmUp: number;
  /** Every observation is wanted, not only what a chart of so many buckets shows. */
  isWhole: boolean;
}

export function planSeries(
  chunks: readonly ChunkBounds[],
  tail: Columns | undefined,
  axis: Axis,
  { buckets, warmUp, isWhole }: PlanOptions,
): SeriesPlan {
  const parts = chunks.map(chunkPart);
  if (tail && tail.values.length > 0) parts.push(tailPart(tail));
  const spans = parts.map((part) => span(part, axis));
  const wanted = parts.filter((_, i) => touches(spans[i] as Span, axis));
  const before = parts.filter((_, i) => (spans[i] as Span).max < axis.from);
  // Those that end last come last: enough of them to have so many observations before the range.
  before.sort((a, b) => span(a, axis).max - span(b, axis).max);
  for (let left = warmUp; left > 0 && before.length > 0; ) {
    const part = before.pop() as Part;
    wanted.push(part);
    left -= part.count;
  }
  const groups = [...clusters(wanted.sort(byStart))] as Part[][];
  const mustSort = axis.by === "timestamps" && !inTimeOrder(groups);
  const level = isWhole || mustSort ? "whole" : levelOf(groups, axis, buckets);
  return {
    axis,
    segments: groups.map((group) => ({
      chunks: group.flatMap((part) => part.chunk ?? []),
      tail: group.find((part) => part.tail)?.tail,
      level: isSummarised(group, axis) ? level : "whole",
    })),
    mustSort,
  };
}

interface Span {
  min: number;
  max: number;
}

const span = (part: Stretch, { by, origin }: Axis): Span =>
  by === "steps"
    ? { min: part.minStep, max: part.maxStep }
    : { min: part.minTimestamp - origin, max: part.maxTimestamp - origin };

const touches = ({ min, max }: Span, axis: Axis): boolean => max >= axis.from && min <= axis.to;

/** One chunk by itself, wholly within the range, long enough to have overviews. */
function isSummarised(group: readonly Part[], axis: Axis): boolean {
  const [part] = group;
  if (group.length !== 1 || !part?.chunk || part.count < OVERVIEW_MIN) return false;
  const { min, max } = span(part, axis);
  return min >= axis.from && max <= axis.to;
}

/** The coarsest that still gives about as many cells as buckets are wanted. */
function levelOf(groups: readonly Part[][], axis: Axis, buckets: number): Level {
  let points = 0;
  for (const group of groups) if (isSummarised(group, axis)) points += (group[0] as Part).count;
  if (points >= COARSE * buckets) return "coarse";
  return points >= (FINE * buckets) / 2 ? "fine" : "whole";
}

/** Whether the groups, in order of step, are in order of time; within each it is for its overview or blocks to say. */
function inTimeOrder(groups: readonly Part[][]): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const group of groups) {
    if (group.some((part) => part.minTimestamp < before)) return false;
    for (const part of group) before = Math.max(before, part.maxTimestamp);
  }
  return true;
}

/** Whether observations sorted by step are sorted by time, too. */
export function isTimeOrdered(columns: Columns): boolean {
  for (let i = 1; i < columns.values.length; i++) if (compareByTime(columns, i - 1, i) > 0) return false;
  return true;
}
