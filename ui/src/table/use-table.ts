import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { streamTable, type TableRequest } from "../api/tidemark";
import { RunColumns } from "./columns-data";

export interface TableState {
  /** What is in view: of the newest request, or of the one before until the new one has rows. */
  columns: RunColumns | undefined;
  /** What `columns` answers. */
  shown: TableRequest | undefined;
  /** Changes whenever `columns` has more or other cells. */
  version: number;
  busy: boolean;
  error: Error | undefined;
  /** Milliseconds until the first rows of the newest answer. */
  took: number | undefined;
  reload: () => void;
  /** Tells that cells were changed from outside. */
  touch: () => void;
}

/**
 * All runs that match, streamed: the first hundred are drawn while the others come.
 * @param request undefined while it is not known what to ask
 */
export function useTable(request: TableRequest | undefined): TableState {
  const [state, setState] = useState<Omit<TableState, "reload" | "touch">>({
    columns: undefined,
    shown: undefined,
    version: 0,
    busy: true,
    error: undefined,
    took: undefined,
  });
  const [round, setRound] = useState(0);
  const key = request && JSON.stringify(request);
  const shownKey = useRef("");

  // `key` stands for the request
  useEffect(() => {
    if (!request || !key) return;
    const control = new AbortController();
    const fresh = new RunColumns();
    const began = performance.now();
    let took: number | undefined;
    let frame = 0;
    const show = () => {
      frame = 0;
      if (control.signal.aborted) return;
      setState((old) => {
        // A refresh never clears what is in view: the old rows stay until as many new ones are there.
        const isRefresh = shownKey.current === key && old.columns !== undefined && old.columns !== fresh;
        if (isRefresh && !fresh.done && fresh.loaded < (old.columns?.loaded ?? 0)) return old;
        shownKey.current = key;
        return { columns: fresh, shown: request, version: old.version + 1, busy: !fresh.done, error: undefined, took };
      });
    };
    const plan = () => {
      frame ||= requestAnimationFrame(show);
    };
    setState((old) => ({ ...old, busy: true }));
    (async () => {
      try {
        for await (const part of streamTable(request, control.signal)) {
          if ("head" in part) Object.assign(fresh, { total: part.head.total, of: part.head.of });
          else fresh.append(part.page);
          if (fresh.loaded > 0) {
            took ??= performance.now() - began;
            plan();
          }
        }
        fresh.done = true;
        took ??= performance.now() - began;
        cancelAnimationFrame(frame);
        show();
      } catch (thrown) {
        if (control.signal.aborted) return;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        setState((old) => ({ ...old, busy: false, error }));
      }
    })();
    return () => {
      control.abort();
      cancelAnimationFrame(frame);
    };
  }, [key, round]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  const touch = useCallback(() => setState((old) => ({ ...old, version: old.version + 1 })), []);
  return { ...state, reload, touch };
}
