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

/** A run's state in a word; only live and failed carry colour. */
export function RunState({ info }: { info: RunInfo }) {
  if (info.lifecycle_stage === "deleted") return <span class="state">Deleted</span>;
  const word = WORDS[info.status] ?? info.status;
  if (info.status === "RUNNING") {
    return (
      <span class="state state-live">
        <LiveDot /> {word}
      </span>
    );
  }
  return <span class={info.status === "FAILED" ? "state state-failed" : "state"}>{word}</span>;
}

export function LiveDot() {
  return <span class="live-dot" aria-hidden="true" />;
}

/** A moment as its age, kept current; the moment itself is in the title. */
export function Age({ at, ago = false }: { at: number; ago?: boolean }) {
  const now = useNow(1000);
  const age = formatAge(at, now);
  const suffix = ago && age !== "now" && age !== "yesterday" ? " ago" : "";
  return (
    <time dateTime={new Date(at).toISOString()} title={`${formatTime(at)}\n${formatUtc(at)}`}>
      {age}
      {suffix}
    </time>
  );
}
