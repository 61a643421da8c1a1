/** A run's row in D1, as its log needs it. */
import type { LifecycleStage } from "../db/schema";
import { MONITORS_OF_RUN } from "../monitors/run-monitors";

export interface RunState {
  lifecycle_stage: LifecycleStage;
  log_position: number;
  log_accepted: number;
  log_duplicate: number;
  log_rejected: number;
  /** JSON, see MONITORS_OF_RUN. */
  monitors: string;
}

const COLUMNS = `lifecycle_stage, log_position, log_accepted, log_duplicate, log_rejected,
  ${MONITORS_OF_RUN} AS monitors`;

export async function readRunState(d1: D1Database, runId: string): Promise<RunState | undefined> {
  const row = d1.prepare(`SELECT ${COLUMNS} FROM runs WHERE run_id = ?1`).bind(runId);
  return (await row.first<RunState>()) ?? undefined;
}

/** Marks a run as hot unless it is deleted, and reads it. */
export async function markHot(d1: D1Database, runId: string): Promise<RunState | undefined> {
  const row = d1
    .prepare(`UPDATE runs SET hot = (hot OR lifecycle_stage = 'active') WHERE run_id = ?1 RETURNING ${COLUMNS}`)
    .bind(runId);
  return (await row.first<RunState>()) ?? undefined;
}

/** The keys whose history went out with the publish at a position. */
export async function keysSealedAt(d1: D1Database, runId: string, position: number): Promise<Set<string>> {
  const { results } = await d1
    .prepare("SELECT DISTINCT key FROM metric_chunks WHERE run_id = ?1 AND position = ?2")
    .bind(runId, position)
    .all<{ key: string }>();
  return new Set(results.map((r) => r.key));
}
