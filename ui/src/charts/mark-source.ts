/** What monitors have to say on a page's charts: made by a part that comes after the first drawing (watch.tsx). */
import type { ComponentChildren } from "preact";
import type uPlot from "uplot";
import type { Severity } from "../api/monitor-types";

/** On one chart. The same object for as long as nothing changes. */
export interface Marks {
  /** Thresholds: in view, whatever the lines do. */
  limits: readonly number[];
  /** How many alerts are marked. */
  alerts: number;
  /** How grave the gravest alert is that fires. */
  firing: Severity | undefined;
  /** Beside the metric's name. */
  head: ComponentChildren;
  /** Painted behind the lines, and over them. */
  below: (plot: uPlot) => void;
  above: (plot: uPlot) => void;
}

export interface MarkSource {
  of: (metric: string) => Marks;
  /** Metrics whose charts come before others; the very first one wide, before all. */
  first: readonly string[];
  /** Ids of the monitors that look at what is shown. */
  monitors: ReadonlySet<string>;
  newMonitor: (metric: string) => void;
  /** Whether there was something to acknowledge. */
  acknowledge: (metric: string) => boolean;
}
