import type { XKind } from "../api/tidemark";
import type { Store } from "../data/store";
import type { Direction } from "../lib/compare";
import type { ChartLine } from "./line";
import type { MarkSource } from "./mark-source";
import type { SeriesStore } from "./series-store";

/** A run as charts name and colour it. */
export type ChartRun = Omit<ChartLine, "track" | "runs">;

/** Runs drawn as one line: their mean. */
export interface ChartGroup {
  id: string;
  name: string;
  color: number;
  runs: readonly string[];
}

/** What all charts of a page share. */
export interface ChartContext {
  store: SeriesStore;
  /** Drawn one by one; the baseline among them, if there is one. */
  runs: readonly ChartRun[];
  /** Drawn as means, where there are groups or too many runs. */
  groups: readonly ChartGroup[];
  /** Lines are drawn as their difference from the baseline. */
  relative: boolean;
  /** The page is one run's: its charts show its value and its difference. */
  focus: string | undefined;
  baseline: string | undefined;
  x: XKind;
  smoothing: number;
  range: readonly [number, number] | undefined;
  onRange: (range: readonly [number, number] | undefined) => void;
  isLog: (key: string) => boolean;
  toggleLog: (key: string) => void;
  direction: (key: string) => Direction | undefined;
  /** What monitors say, once it is known. */
  marks: Store<MarkSource | undefined>;
  /** The run under the reader's hand, in the table or in a chart. */
  lifted: Store<string | undefined>;
  onEnlarge: (key: string) => void;
  /** Part of the cursor's name: charts of one page and kind of x share it. */
  sync: string;
}
