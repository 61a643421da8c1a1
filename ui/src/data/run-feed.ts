/** Watching a run: docs/live.md says what comes over the line. */
import { OWN } from "../api/client";
import type { Alert } from "../api/monitor-types";
import type { RunStatus, WireDouble } from "../api/types";
import { keepSocket } from "./socket";
import { toldAlert } from "./told-alerts";

/** A live observation: step, UTC milliseconds, value. */
export type LivePoint = readonly [step: number, timestamp: number, value: WireDouble];

export interface LiveRunInfo {
  run_id: string;
  run_name: string;
  status: RunStatus;
  lifecycle_stage: "active" | "deleted";
}

type Message =
  | ({ type: "run"; sequence?: number } & LiveRunInfo)
  | { type: "points"; sequence?: number; keys: Record<string, LivePoint[]>; thinned?: boolean }
  | { type: "alert"; alert: Alert }
  | { type: "gap"; sequence: number };

export interface RunFeedHandlers {
  onRun: (run: LiveRunInfo) => void;
  /** New observations, whole: everything of the run up to some sequence is known with them. */
  onPoints: (keys: Record<string, LivePoint[]>) => void;
  /** What is known has a hole: read the series anew; what follows is newer than such a read. */
  onGap: () => void;
  /** From now on nothing is missed: what is read after this has everything older. Once, at first. */
  onReady: () => void;
}

/** What a stretch of messages leads to; pure, so that it can be tested without a line. */
export function createRunProtocol(handlers: RunFeedHandlers) {
  let sequence: number | undefined;
  let parts: Record<string, LivePoint[]>[] = [];
  const reach = (to: number) => {
    const first = sequence === undefined;
    sequence = to;
    if (first) handlers.onReady();
  };
  return {
    /** Where to go on after a lost line; undefined at first. */
    sequence: () => sequence,
    /** What came without its end is sent again: it is forgotten. */
    lost: () => {
      parts = [];
    },
    /** Takes a message; the sequence to acknowledge, if it led to one. */
    take(message: Message): number | undefined {
      if (message.type === "run") {
        const { type: _, sequence: reached, ...run } = message;
        handlers.onRun(run);
        if (reached !== undefined) reach(reached);
        return reached;
      }
      if (message.type === "gap") {
        parts = [];
        const first = sequence === undefined;
        reach(message.sequence);
        if (!first) handlers.onGap();
        return message.sequence;
      }
      if (message.type === "alert") toldAlert.set(message.alert);
      if (message.type !== "points") return undefined;
      parts.push(message.keys);
      if (message.sequence === undefined) return undefined;
      for (const keys of parts) handlers.onPoints(keys);
      parts = [];
      reach(message.sequence);
      return message.sequence;
    },
  };
}

/** Watches a run until the returned function is called: nothing is missed and nothing comes twice. */
export function watchRun(runId: string, handlers: RunFeedHandlers): () => void {
  const protocol = createRunProtocol(handlers);
  return keepSocket({
    path: () => {
      const from = protocol.sequence();
      const path = `${OWN}runs/${encodeURIComponent(runId)}/live`;
      return from === undefined ? path : `${path}?from_sequence=${from}`;
    },
    onMessage: (message, send) => {
      const reached = protocol.take(message as Message);
      if (reached !== undefined) send({ type: "ack", sequence: reached });
    },
    onClosed: protocol.lost,
  });
}
