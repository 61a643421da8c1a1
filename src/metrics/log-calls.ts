/** What a RunLog is asked, and what it answers. */
import type { LifecycleStage } from "../db/schema";
import type { WireAlert } from "../monitors/alert-wire";
import type { LiveRun } from "./live-messages";

export type AppendResult =
  | { ok: true; accepted: number; duplicate: number }
  | { ok: false; reason: "not_found" | "full" }
  | { ok: false; reason: "inactive"; lifecycleStage: LifecycleStage };

/** The newest observation of a key. */
export interface KeyLatest {
  key: string;
  step: number;
  timestamp: number;
  value: number;
}

/** What the log has that D1 may lack. `position` is the last publish's, as the log knows it. */
export interface LatestTail {
  position: number;
  latest: KeyLatest[];
}

/**
 * `accepted` numbers the observations stored: the newest one's sequence number. A repeat of what was published already
 * counts as accepted and is dropped when read. `duplicate` and `rejected` of the last minute are lost with the object's
 * memory, should it die.
 */
export interface LogCounters {
  accepted: number;
  duplicate: number;
  rejected: number;
  unpublished: number;
}

/** RunLog's calls as a stub answers them: the generated stub type loses unions on the way. */
export interface RunLogStub {
  append(runId: string, pack: Uint8Array): Promise<AppendResult>;
  flush(runId: string, run?: LiveRun): Promise<void>;
  announce(run: LiveRun): Promise<void>;
  announceAlerts(runId: string, changed: readonly WireAlert[]): Promise<void>;
  unpublishedKeys(keys?: readonly string[]): Promise<{ position: number; pack: Uint8Array }>;
  latest(): Promise<LatestTail>;
  publishLatest(runId: string): Promise<void>;
  counters(runId: string): Promise<LogCounters | undefined>;
  countRejected(observations: number): Promise<void>;
  monitorsChanged(runId: string): Promise<void>;
  closeViewers(): Promise<number>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}
