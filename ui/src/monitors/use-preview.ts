import { useEffect, useState } from "preact/hooks";
import type { Preview, PreviewRequest } from "../api/monitor-types";
import { previewMonitor } from "../api/monitors";

/** A line that is being dragged settles before the server is asked. */
const PAUSE_MS = 200;

export interface Previewed {
  data: Preview | undefined;
  /** What the server said against the rule. */
  error: Error | undefined;
  /** What is shown is of an older rule. */
  busy: boolean;
}

/** What a rule would have told over the last `ms` milliseconds: asked after a pause, answers to older rules dropped. */
export function usePreview(request: Omit<PreviewRequest, "since"> | undefined, ms: number): Previewed {
  const key = request && JSON.stringify(request);
  const [state, setState] = useState<{ key: string | undefined; data: Preview | undefined; error: Error | undefined }>({
    key: undefined,
    data: undefined,
    error: undefined,
  });
  useEffect(() => {
    if (!request) return;
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const data = await previewMonitor({ ...request, since: Date.now() - ms }, control.signal);
        setState({ key: `${key} ${ms}`, data, error: undefined });
      } catch (thrown) {
        if (control.signal.aborted) return;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        setState({ key: `${key} ${ms}`, data: undefined, error });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [key, ms]);
  if (!request) return { data: undefined, error: undefined, busy: false };
  return { data: state.data, error: state.error, busy: state.key !== `${key} ${ms}` };
}

/** A value once it has been the same for a while. */
export function useSettled<T>(value: T, key: string, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [key, ms]);
  return settled;
}
