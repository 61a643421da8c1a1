/** Latest values of runs whose RunLog holds observations that D1 lacks. */
import type { Database } from "../db/client";
import type { latestMetrics } from "../db/schema";
import type { Env } from "../env";

export type LatestMetric = typeof latestMetrics.$inferSelect;

/** Adds to (or replaces in) each hot run's list what its log knows better than D1. */
export async function overlayHot(
  _env: Env,
  _db: Database,
  _hot: readonly { runId: string; logPosition: number }[],
  _byRun: Map<string, LatestMetric[]>,
): Promise<void> {}
