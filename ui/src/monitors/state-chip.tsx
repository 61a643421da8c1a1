import { formatUtc } from "../lib/format";
import { type MonitorState, stateText } from "./words";

/** A monitor's state in a word; only what fires carries colour. */
export function StateChip({ state, now }: { state: MonitorState; now: number }) {
  const tone = state.kind === "firing" ? `firing-${state.severity}` : state.kind;
  const since = state.kind === "firing" ? state.since : state.kind === "muted" ? state.until : undefined;
  return (
    <span class={`monitor-state monitor-${tone}`} title={since === undefined ? undefined : formatUtc(since)}>
      <span class="monitor-dot" aria-hidden="true" />
      {stateText(state, now)}
      {state.kind === "firing" && state.muted && ", muted"}
    </span>
  );
}
