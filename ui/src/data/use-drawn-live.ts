import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SeriesStore } from "../charts/series-store";
import { type LivePoint, watchRun } from "./run-feed";
import { type Latest, takeLatest } from "./use-run";

/** Lines open at once; more live runs than this are followed by reading their figures now and then. */
const LINES = 8;
const SHOW_MS = 500;

/**
 * Follows the live ones among the drawn runs: their points go to the charts, their newest values to the table.
 * @param onPoints gets what comes, too
 * @param onEnd a run has come to its end, or changed in another way
 */
export function useDrawnLive(
  runs: readonly string[],
  store: SeriesStore,
  onEnd: () => void,
  onPoints: (run: string, keys: Record<string, LivePoint[]>) => void,
): { latest: (run: string, key: string) => number | undefined; version: number } {
  const [version, setVersion] = useState(0);
  const values = useMemo(() => new Map<string, Map<string, Latest>>(), []);
  const told = useRef({ onEnd, onPoints });
  told.current = { onEnd, onPoints };
  const lines = useRef(new Map<string, () => void>());
  const wanted = runs.slice(0, LINES).join();

  useEffect(() => {
    const now = new Set(wanted ? wanted.split(",") : []);
    for (const [run, stop] of lines.current) {
      if (now.has(run)) continue;
      stop();
      lines.current.delete(run);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    for (const run of now) {
      if (lines.current.has(run)) continue;
      const stop = watchRun(run, {
        onRun: ({ status }) => status !== "RUNNING" && told.current.onEnd(),
        onPoints: (keys) => {
          store.addPoints(run, keys);
          const latest = values.get(run) ?? new Map<string, Latest>();
          values.set(run, latest);
          takeLatest(latest, keys);
          told.current.onPoints(run, keys);
          timer ??= setTimeout(() => {
            timer = undefined;
            setVersion((n) => n + 1);
          }, SHOW_MS);
        },
        onGap: () => store.reload([run]),
        // What came between reading the series and this is read again.
        onReady: () => store.reload([run]),
      });
      lines.current.set(run, stop);
    }
    return () => clearTimeout(timer);
  }, [wanted, store]);
  useEffect(
    () => () => {
      for (const stop of lines.current.values()) stop();
      lines.current.clear();
    },
    [],
  );
  return { latest: (run, key) => values.get(run)?.get(key)?.value, version };
}
