/** Which of an experiment's runs are drawn, and as what. */
import { useMemo } from "preact/hooks";
import type { ChartGroup, ChartRun } from "../charts/context";
import { groupId } from "../table/arrange";
import type { RunColumns } from "../table/columns-data";
import type { ExperimentState } from "./experiment-state";

/** Drawn where nobody chose: so many of the newest, and the live ones. */
const DRAWN = 5;
/** Lines beyond these are drawn as their mean. */
export const LINES = 24;
const GROUP_LINES = 12;

/** The runs to draw: those chosen, or the newest and the live ones among the first that came. */
export function useDrawn(state: ExperimentState, data: RunColumns | undefined, version: number): readonly string[] {
  const text = useMemo(() => {
    if (state.drawn) return state.drawn.join();
    if (!data) return "";
    const rows = data.id.map((_, row) => row).sort((a, b) => (data.start[b] ?? 0) - (data.start[a] ?? 0));
    const chosen = rows.filter((row, i) => i < DRAWN || (data.isRunning(row) && i < LINES));
    return chosen.map((row) => data.id[row]).join();
  }, [state.drawn, data, data?.done, state.drawn ? 0 : Math.min(version, 3)]);
  return useMemo(() => (text ? text.split(",") : []), [text]);
}

/** A line each, the baseline's last. */
export function chartRuns(
  drawn: readonly string[],
  data: RunColumns | undefined,
  baseline: RunColumns | undefined,
  base: string | undefined,
): ChartRun[] {
  const runs = drawn.flatMap((id, color): ChartRun[] => {
    if (id === base) return [];
    const row = data?.rowOf(id);
    const name = row === undefined ? id.slice(0, 8) : (data?.name[row] ?? "");
    return [{ id, name, color, baseline: false, live: row !== undefined && data?.status[row] === "RUNNING" }];
  });
  if (base === undefined) return runs;
  return [...runs, { id: base, name: baseline?.name[0] ?? "baseline", color: 0, baseline: true, live: false }];
}

/** Means in place of lines: of each group, or of more runs than can be told apart. */
export function chartGroups(
  state: ExperimentState,
  data: RunColumns | undefined,
  drawn: readonly string[],
): ChartGroup[] {
  if (!data) return [];
  if (state.group) {
    const cells = (state.group.kind === "param" ? data.params : data.tags).get(state.group.key) ?? [];
    const members = Map.groupBy(data.id.keys(), (row) => cells[row]);
    return [...members]
      .sort((a, b) => b[1].length - a[1].length)
      .slice(0, GROUP_LINES)
      .map(([value, rows], color) => ({
        id: `group ${groupId(value)}`,
        name: value ?? "not set",
        color,
        runs: rows.slice(0, 100).map((row) => data.id[row] ?? ""),
      }));
  }
  if (drawn.length <= LINES) return [];
  return [{ id: "drawn", name: `${drawn.length} runs`, color: 0, runs: drawn.slice(0, 100) }];
}
