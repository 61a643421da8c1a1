/** From a metric's history to what a chart draws; plain functions. */
import type { Metric } from "../api/types";
import { toNumber } from "../lib/runs";

/** What the x axis shows: training step, the moment, or the time since the run began. */
export type XKind = "step" | "time" | "rel";

export const X_KINDS: readonly { kind: XKind; label: string }[] = [
  { kind: "step", label: "Step" },
  { kind: "time", label: "Time" },
  { kind: "rel", label: "Relative" },
];

/** One line of a chart. `x` ascends: steps, UTC seconds, or seconds since the start. */
export interface Series {
  x: number[];
  /** Null where the value is not a finite number: the line breaks there. */
  y: (number | null)[];
  /** The values as they were logged, NaN and infinities included. */
  values: number[];
  /** Points without a neighbour to be joined to: drawn as dots. */
  lonely: number[];
}

/** @param start when the run began, in UTC milliseconds; only "rel" needs it */
export function toSeries(history: readonly Metric[], kind: XKind, start: number): Series {
  const ordered = [...history].sort(
    kind === "step"
      ? (a, b) => a.step - b.step || a.timestamp - b.timestamp
      : (a, b) => a.timestamp - b.timestamp || a.step - b.step,
  );
  const series: Series = { x: [], y: [], values: [], lonely: [] };
  for (const point of ordered) {
    const value = toNumber(point.value);
    series.x.push(xOf(point, kind, start));
    series.y.push(Number.isFinite(value) ? value : null);
    series.values.push(value);
  }
  series.lonely = lonelyPoints(series.y);
  return series;
}

function xOf(point: Metric, kind: XKind, start: number): number {
  if (kind === "step") return point.step;
  return (kind === "time" ? point.timestamp : point.timestamp - start) / 1000;
}

function lonelyPoints(y: readonly (number | null)[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < y.length; i++) {
    if (y[i] != null && y[i - 1] == null && y[i + 1] == null) found.push(i);
  }
  return found;
}

/** "2 NaN, 1 Inf", or undefined when every value is a number. */
export function describeBroken(series: Series): string | undefined {
  const nan = series.values.filter((value) => Number.isNaN(value)).length;
  const inf = series.y.filter((value) => value === null).length - nan;
  const parts = [nan ? `${nan} NaN` : "", inf ? `${inf} Inf` : ""].filter(Boolean);
  return parts.length ? parts.join(", ") : undefined;
}
