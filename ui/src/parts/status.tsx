import type { RunInfo, RunStatus } from "../api/types";
import { useNow } from "../data/clock";
import { formatAge, formatTime, formatUtc } from "../lib/format";

const WORDS: Record<RunStatus, string> = {
  RUNNING: "Live",
  SCHEDULED: "Scheduled",
  FINISHED: "Finished",
  FAILED: "Failed",
  KILLED: "Killed",
};

/** A run's state in a word; only live and failed carry colour. Stale: it runs, and says nothing. */
export function RunState({ info, stale = false }: { info: RunInfo; stale?: boolean }) {
  if (info.lifecycle_stage === "deleted") return <span class="state">Deleted</span>;
  const word = WORDS[info.status] ?? info.status;
  if (info.status === "RUNNING") {
    return (
      <span
        class={stale ? "state" : "state state-live"}
        title={stale ? "No point for much longer than usual" : undefined}
      >
        {stale ? <span class="dot-stale" aria-hidden="true" /> : <LiveDot />} {stale ? "Stale" : word}
      </span>
    );
  }
  return <span class={info.status === "FAILED" ? "state state-failed" : "state"}>{word}</span>;
}

export function LiveDot() {
  return <span class="live-dot" aria-hidden="true" />;
}

interface AgeProps {
  at: number;
  ago?: boolean;
  /** Kept current by whoever draws it: a table of ages needs no clock each. */
  still?: boolean;
}

/** A moment as its age, kept current; the moment itself is in the title. */
export function Age({ at, ago = false, still = false }: AgeProps) {
  const ticking = useNow(1000, still);
  const now = still ? Date.now() : ticking;
  const age = formatAge(at, now);
  const suffix = ago && age !== "now" && age !== "yesterday" ? " ago" : "";
  return (
    <time dateTime={new Date(at).toISOString()} title={`${formatTime(at)}\n${formatUtc(at)}`}>
      {age}
      {suffix}
    </time>
  );
}
