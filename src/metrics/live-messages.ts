/** What a run's viewers are sent, as text. docs/live.md describes it. Pure. */
import type { LifecycleStage } from "../db/schema/experiments";
import type { RunStatus } from "../db/schema/runs";
import type { WireAlert } from "../monitors/alert-wire";
import type { Columns } from "./block";
import { thin } from "./thin";

/** Observations one message carries at most; what is more comes in several. */
const MAX_MESSAGE_POINTS = 10_000;

/** What viewers are told of the run itself. */
export interface LiveRun {
  run_id: string;
  run_name: string;
  status: RunStatus;
  lifecycle_stage: LifecycleStage;
}

/**
 * Observations of some keys, the last message with the sequence they lead to: whoever has that message has everything up
 * to it. `limit` bounds the observations a key keeps.
 */
export function* pointsMessages(
  keyed: ReadonlyMap<string, Columns>,
  sequence: number,
  limit = Number.POSITIVE_INFINITY,
): Generator<string> {
  let parts: string[] = [];
  let room = MAX_MESSAGE_POINTS;
  let thinned = false;
  const message = (end: string) => `{"type":"points"${end}${thinned ? ',"thinned":true' : ""},"keys":{${parts}}}`;
  for (const [key, all] of keyed) {
    const columns = thin(all, limit);
    thinned ||= columns !== all;
    const name = JSON.stringify(key);
    for (let from = 0; from < columns.values.length; ) {
      const to = Math.min(from + room, columns.values.length);
      parts.push(`${name}:[${triples(columns, from, to)}]`);
      room -= to - from;
      from = to;
      if (room > 0) continue;
      yield message("");
      parts = [];
      room = MAX_MESSAGE_POINTS;
    }
  }
  yield message(`,"sequence":${sequence}`);
}

/** Stored values are finite or NaN; a number's text is JSON, NaN's is quoted. */
function triples({ steps, timestamps, values }: Columns, from: number, to: number): string {
  const out: string[] = [];
  for (let i = from; i < to; i++) {
    const v = values[i] as number;
    out.push(`[${steps[i]},${timestamps[i]},${Number.isNaN(v) ? '"NaN"' : v}]`);
  }
  return out.join(",");
}

/** Something after what the viewer has can't be sent one by one: reading history now gives everything up to `sequence`. */
export const gapMessage = (sequence: number): string => JSON.stringify({ type: "gap", sequence });

/** The run as it is now. With a sequence: nothing up to it follows. */
export const runMessage = (run: LiveRun, sequence?: number): string =>
  JSON.stringify({ type: "run", ...run, sequence });

/** An alert of the run opened or changed. */
export const alertMessage = (alert: WireAlert): string => JSON.stringify({ type: "alert", alert });
