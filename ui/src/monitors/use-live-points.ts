import { useEffect, useReducer, useRef } from "preact/hooks";
import { addPoint, type Track } from "../charts/track";
import { watchRun } from "../data/run-feed";
import { toNumber } from "../lib/runs";

/** Points are shown this often at most. */
const SHOW_MS = 250;

/**
 * Adds a run's points to a track by time as they come; counts how often it grew.
 * @param reload reads the track anew, where points may be missing from it
 */
export function useLivePoints(run: string | undefined, track: Track | undefined, reload: () => void): number {
  const [grown, grow] = useReducer((n: number) => n + 1, 0);
  const newest = useRef({ track, reload });
  newest.current = { track, reload };
  useEffect(() => {
    if (run === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watchRun(run, {
      onRun: () => undefined,
      onReady: () => newest.current.reload(),
      onGap: () => newest.current.reload(),
      onPoints: (keys) => {
        const now = newest.current.track;
        const points = now && keys[now.key];
        if (!points) return;
        for (const [, timestamp, value] of points) addPoint(now, timestamp, toNumber(value), 0);
        timer ??= setTimeout(() => {
          timer = undefined;
          grow(undefined);
        }, SHOW_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [run]);
  return grown;
}
