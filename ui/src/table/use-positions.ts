import { useMemo, useRef, useState } from "preact/hooks";
import type { RunColumns } from "./columns-data";
import { countMisplaced, holdPositions } from "./positions";

interface Options {
  /** What the data answer: another request takes its own order at once. */
  request: string;
  /** Rows whose values change, and the metric the table is ordered by, where it is. */
  live: readonly number[];
  sort: { value: (row: number) => number | undefined; descending: boolean } | undefined;
  reload: () => void;
}

interface Positions {
  /** Rows in the order they are shown; undefined: as the data have them. */
  order: readonly number[] | undefined;
  /** Rows that stand elsewhere by now. */
  moved: number;
  /** Puts them there. */
  settle: () => void;
}

/** Keeps rows where they are while the table is refreshed; new ones come in at their places. */
export function usePositions(data: RunColumns | undefined, { request, live, sort, reload }: Options): Positions {
  const shown = useRef<{ request: string; ids: readonly string[] } | undefined>(undefined);
  // Set by `settle`: the next answer's order is taken as it is.
  const free = useRef(false);
  const [settled, setSettled] = useState(0);
  const held = useMemo(() => {
    if (!data?.done) return undefined;
    const old = shown.current;
    const isRefresh = old?.request === request && old.ids !== data.id && !free.current;
    free.current = false;
    if (!isRefresh) {
      shown.current = { request, ids: data.id };
      return undefined;
    }
    const { order, moved } = holdPositions(old.ids, data.id);
    shown.current = { request, ids: moved === 0 ? data.id : order.map((row) => data.id[row] ?? "") };
    return moved === 0 ? undefined : { order, moved };
  }, [data, data?.done, request, settled]);
  // Where rows are held, what their newest values would change comes with sorting again.
  const wrong = held || !sort || !data?.done ? 0 : countMisplaced(live, sort.value, { count: data.loaded, ...sort });
  const settle = () => {
    free.current = true;
    if (held) setSettled((n) => n + 1);
    else reload();
  };
  return { order: held?.order, moved: held?.moved ?? wrong, settle };
}
