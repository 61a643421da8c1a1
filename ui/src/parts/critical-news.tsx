import { useEffect, useRef, useState } from "preact/hooks";
import { useFiring } from "../data/alerts";

/** Tells those who hear the page of a critical alert that begins to fire, and of nothing else. */
export function CriticalNews() {
  const firing = useFiring();
  const known = useRef<Set<string> | undefined>(undefined);
  const [said, setSaid] = useState({ text: "", count: 0 });
  useEffect(() => {
    if (!firing) return;
    const critical = firing.alerts.filter(({ severity, muted }) => severity === "critical" && !muted);
    const before = known.current;
    known.current = new Set(critical.map(({ alert_id }) => alert_id));
    // What fired before the page was opened is no news.
    const fresh = before ? critical.filter(({ alert_id }) => !before.has(alert_id)) : [];
    if (fresh.length === 0) return;
    const text = fresh.map(({ name, sentence }) => `Critical: ${name || sentence}.`).join(" ");
    setSaid(({ count }) => ({ text, count: count + 1 }));
  }, [firing]);
  return (
    <p class="unseen" aria-live="assertive">
      {/* The same words again are news again. */}
      <span key={said.count}>{said.text}</span>
    </p>
  );
}
