import { useMemo, useRef } from "preact/hooks";
import type { Monitor } from "../api/monitor-types";
import { rankOf, stateOf } from "./words";

/** What fires first; the order then stays while the page is open, so that no row moves under a hand. */
export function useOrder(monitors: readonly Monitor[]): readonly Monitor[] {
  const places = useRef(new Map<string, number>());
  return useMemo(() => {
    const now = Date.now();
    const sorted =
      places.current.size === 0
        ? monitors.toSorted((a, b) => rankOf(stateOf(a, undefined, now)) - rankOf(stateOf(b, undefined, now)))
        : // A new one comes first
          monitors.toSorted(
            (a, b) => (places.current.get(a.monitor_id) ?? -1) - (places.current.get(b.monitor_id) ?? -1),
          );
    places.current = new Map(sorted.map(({ monitor_id }, i) => [monitor_id, i]));
    return sorted;
  }, [monitors]);
}
