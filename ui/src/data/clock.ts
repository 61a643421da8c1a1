import { useEffect, useState } from "preact/hooks";

/** The time in UTC milliseconds, drawn again each `everyMs` while the page is visible, unless `stopped`. */
export function useNow(everyMs: number, stopped = false): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (stopped) return;
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, stopped]);
  return now;
}
