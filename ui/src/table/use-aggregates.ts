import { useEffect, useRef, useState } from "preact/hooks";
import type { StatColumns } from "../api/page-types";
import { fetchStats } from "../api/tidemark";
import type { Direction } from "../lib/compare";
import { toNumber } from "../lib/runs";
import type { RunColumns } from "./columns-data";

const CELLS_A_CALL = 10_000;
const RUNS_A_CALL = 1000;

type Values = Map<string, Pick<StatColumns, "min" | "max">>;

export interface Aggregates {
  value: (key: string, row: number) => number | undefined;
  /** Rows that are known, of `loaded`. */
  known: number;
  error: Error | undefined;
}

/**
 * Smallest, largest or best values of metrics, read for all rows that are there, a thousand at a time.
 * @param aggregate "last" reads nothing
 */
export function useAggregates(
  data: RunColumns | undefined,
  keys: readonly string[],
  aggregate: "last" | "min" | "max" | "best",
  direction: (key: string) => Direction | undefined,
): Aggregates {
  const state = useRef<{ data: RunColumns | undefined; keys: string; values: Values; known: number }>({
    data: undefined,
    keys: "",
    values: new Map(),
    known: 0,
  });
  const [, redraw] = useState(0);
  const [error, setError] = useState<Error | undefined>(undefined);
  const names = keys.join("\n");
  const loaded = data?.loaded ?? 0;

  useEffect(() => {
    if (aggregate === "last" || !data || keys.length === 0) return;
    const current = state.current;
    if (current.data !== data || current.keys !== names)
      Object.assign(current, { data, keys: names, values: new Map(), known: 0 });
    const control = new AbortController();
    const step = Math.max(1, Math.min(RUNS_A_CALL, Math.floor(CELLS_A_CALL / Math.min(keys.length, 100))));
    (async () => {
      try {
        while (current.known < data.loaded) {
          const from = current.known;
          const answer = await fetchStats(data.id.slice(from, from + step), keys.slice(0, 100), control.signal);
          for (const [key, { min, max }] of Object.entries(answer)) {
            const column = current.values.get(key) ?? { min: [], max: [] };
            min.forEach((value, i) => {
              column.min[from + i] = value;
              column.max[from + i] = max[i] ?? null;
            });
            current.values.set(key, column);
          }
          current.known = Math.min(from + step, data.loaded);
          redraw((n) => n + 1);
        }
      } catch (thrown) {
        if (!control.signal.aborted) setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    })();
    return () => control.abort();
  }, [data, names, aggregate, loaded]);

  return {
    known: state.current.known,
    error,
    value: (key, row) => {
      const side = aggregate === "best" ? (direction(key) ?? "max") : aggregate;
      const value = state.current.values.get(key)?.[side === "min" ? "min" : "max"][row];
      return value === null || value === undefined ? undefined : toNumber(value);
    },
  };
}
