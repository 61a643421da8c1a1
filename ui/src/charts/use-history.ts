import { useEffect, useReducer, useRef } from "preact/hooks";
import { type History, loadHistory } from "./history";

interface State {
  history: History | undefined;
  error: Error | undefined;
}

/**
 * A metric's history, loaded when first `wanted` and again when `version` has changed. A refresh never cuts off the one
 * before it: on a slow line each would otherwise be thrown away for the next.
 */
export function useHistory(run: string, key: string, version: string, wanted: boolean): State & { retry(): void } {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const state = useRef<State & { loaded: string | undefined; loading: boolean; wish: string }>({
    history: undefined,
    error: undefined,
    loaded: undefined,
    loading: false,
    wish: version,
  }).current;
  state.wish = version;
  const control = useRef(new AbortController()).current;

  const load = async () => {
    if (state.loading) return;
    state.loading = true;
    while (state.loaded !== state.wish && !control.signal.aborted) {
      const wish = state.wish;
      try {
        state.history = await loadHistory(run, key, control.signal);
        state.error = undefined;
      } catch (thrown) {
        if (control.signal.aborted) return;
        state.error = thrown instanceof Error ? thrown : new Error(String(thrown));
      }
      // A failure counts as loaded: the next point, or the reader, asks again.
      state.loaded = wish;
      redraw(undefined);
    }
    state.loading = false;
  };

  // `load` reads what is current
  useEffect(() => {
    if (wanted) void load();
  }, [wanted, version]);
  useEffect(() => () => control.abort(), [control]);

  const retry = () => {
    state.loaded = undefined;
    void load();
  };
  return { history: state.history, error: state.error, retry };
}
