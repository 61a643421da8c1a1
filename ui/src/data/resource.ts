import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { whenBack } from "./connection";

/** Something loaded from the server. After the first answer `data` stays through refreshes and failures. */
export interface Resource<T> {
  data: T | undefined;
  error: Error | undefined;
  /** A call is under way. */
  busy: boolean;
  reload(): void;
}

interface Options<T> {
  /** Milliseconds until the next refresh, judged from the newest data; undefined for none. */
  pollMs?: (data: T | undefined) => number | undefined;
  /** Nothing is asked for yet. */
  idle?: boolean;
}

/** Answers of the last pages, so that going back shows them at once while they are refreshed. */
const remembered = new Map<string, unknown>();
const REMEMBERED_MAX = 40;

/** Wait this long after a failure, whatever the poll says. */
const RETRY_MS = 4000;

/**
 * Loads something and keeps it fresh while the page is visible.
 * @param key names what is loaded; a new key starts afresh
 * @param load gets a signal that ends the call when the part of the page is gone
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  options: Options<T> = {},
): Resource<T> {
  const [state, setState] = useState<{ key: string; data: T | undefined; error: Error | undefined; busy: boolean }>(
    () => fresh(key),
  );
  const [round, setRound] = useState(0);
  const latest = useRef({ load, options });
  latest.current = { load, options };
  const current = state.key === key ? state : fresh<T>(key);

  const idle = options.idle ?? false;
  // `round` starts the loading again. Before the painting: an answer that index.html asked for may be there already.
  useLayoutEffect(() => {
    if (idle) return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let data = recall<T>(key);
    let running = false;
    let hasFailed = false;

    const plan = (failed: boolean) => {
      const wanted = latest.current.options.pollMs?.(data);
      if (wanted !== undefined) timer = setTimeout(attempt, failed ? Math.max(wanted, RETRY_MS) : wanted);
    };
    const attempt = async () => {
      clearTimeout(timer);
      if (running || (document.hidden && data !== undefined)) return; // `wake` comes back to a hidden page
      running = true;
      // What went wrong stays in view until a call succeeds.
      setState((old) => ({ key, data, error: old.key === key ? old.error : undefined, busy: true }));
      try {
        data = await latest.current.load(control.signal);
        hasFailed = false;
        remember(key, data);
        if (!control.signal.aborted) setState({ key, data, error: undefined, busy: false });
      } catch (thrown) {
        if (control.signal.aborted) return;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        setState({ key, data, error, busy: false });
        hasFailed = true;
        plan(true);
        return;
      } finally {
        running = false;
      }
      if (!control.signal.aborted) plan(false);
    };
    const wake = () => {
      if (!document.hidden && latest.current.options.pollMs?.(data) !== undefined) void attempt();
    };

    void attempt();
    document.addEventListener("visibilitychange", wake);
    const stopRetry = whenBack(() => hasFailed && void attempt());
    return () => {
      control.abort();
      clearTimeout(timer);
      stopRetry();
      document.removeEventListener("visibilitychange", wake);
    };
  }, [key, round, idle]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { data: current.data, error: current.error, busy: current.busy && !idle, reload };
}

function fresh<T>(key: string) {
  return { key, data: recall<T>(key), error: undefined, busy: true };
}

function recall<T>(key: string): T | undefined {
  return remembered.get(key) as T | undefined;
}

function remember(key: string, data: unknown): void {
  remembered.delete(key);
  remembered.set(key, data);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED_MAX) break;
    remembered.delete(oldest);
  }
}
