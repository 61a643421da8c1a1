/** Watching an experiment's runs: docs/live.md says what comes over the line. */
import { OWN } from "../api/client";
import type { Alert } from "../api/monitor-types";
import type { KeyValue, RunInfo } from "../api/types";
import { keepSocket } from "./socket";

export type ExperimentChange =
  | { change: "run_created" | "run_updated"; run: RunInfo }
  | { change: "run_deleted" | "run_restored" | "run_inputs_logged" | "run_outputs_logged"; run_id: string }
  | { change: "run_tags_set"; run_id: string; tags: KeyValue[] }
  | { change: "run_tag_deleted"; run_id: string; key: string }
  | { change: "experiment_renamed"; name: string }
  | { change: "experiment_deleted" | "experiment_restored" }
  | { change: "experiment_tag_set" | "experiment_tag_deleted"; key: string; value?: string }
  | { change: "alert_changed"; alert: Alert };

export interface ExperimentFeedHandlers {
  onChanges: (changes: ExperimentChange[]) => void;
  /** What is on screen may be old: read it anew. Not for the first opening. */
  onStale: () => void;
}

type Message = { type: "open" } | { type: "changes"; changes: ExperimentChange[] } | { type: "gap" };

/** Watches an experiment until the returned function is called. */
export function watchExperiment(experimentId: string, handlers: ExperimentFeedHandlers): () => void {
  let opened = false;
  return keepSocket({
    path: () => `${OWN}experiments/${encodeURIComponent(experimentId)}/feed`,
    onMessage: (raw) => {
      const message = raw as Message;
      if (message.type === "changes") return handlers.onChanges(message.changes);
      if (message.type === "open" && !opened) {
        opened = true;
        return;
      }
      handlers.onStale();
    },
  });
}
