/** Latest values of runs whose RunLog holds observations that D1 lacks. */
import { eq } from "drizzle-orm";
import type { Database } from "../db/client";
import { latestMetrics } from "../db/schema";
import type { Env } from "../env";
import { MAX_HOT_READS } from "../limits";
import type { KeyLatest } from "./log-calls";
import { isLater } from "./observation";
import { eachBounded, withLog } from "./run-logs";

export type LatestMetric = typeof latestMetrics.$inferSelect;

/**
 * Adds to (or replaces in) each hot run's list what its log knows better than D1. `byRun` holds what D1 answered
 * together with `logPosition`; a run that has published since is read again. Only the first MAX_HOT_READS are asked.
 */
export async function overlayHot(
  env: Env,
  db: Database,
  hot: readonly { runId: string; experimentId: string; logPosition: number }[],
  byRun: Map<string, LatestMetric[]>,
): Promise<void> {
  await eachBounded(hot.slice(0, MAX_HOT_READS), async ({ runId, experimentId, logPosition }) => {
    const tail = await withLog(env, runId, (log) => log.latest());
    let rows = byRun.get(runId) ?? [];
    if (tail.position > logPosition) {
      rows = await db.select().from(latestMetrics).where(eq(latestMetrics.runId, runId)).orderBy(latestMetrics.key);
    }
    const byKey = new Map(rows.map((row) => [row.key, row]));
    for (const { key, step, timestamp, value } of tail.latest) {
      const known = byKey.get(key);
      if (known && !isLater({ step, timestamp, value }, { ...known, value: known.isNan ? Number.NaN : known.value }))
        continue;
      const isNan = Number(Number.isNaN(value));
      byKey.set(key, { runId, experimentId, key, step, timestamp, value: isNan ? 0 : value, isNan });
    }
    byRun.set(
      runId,
      [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
  });
}

/** What the logs of runs know better than D1, by run and key. Asked before D1: what leaves a log meanwhile is in D1 after. */
export async function latestInLogs(env: Env, runIds: readonly string[]): Promise<Map<string, Map<string, KeyLatest>>> {
  const byRun = new Map<string, Map<string, KeyLatest>>();
  await eachBounded(runIds, async (runId) => {
    const { latest } = await withLog(env, runId, (log) => log.latest());
    byRun.set(runId, new Map(latest.map((one) => [one.key, one])));
  });
  return byRun;
}
