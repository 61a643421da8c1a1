/** Metric keys that runs have logged and not published yet, so that a run that has just begun is seen with all it logs. */
import type { Env } from "../env";
import { MAX_HOT_READS } from "../limits";
import { latestInLogs } from "../metrics/latest";
import type { KeyCount } from "./key-store";

/** Keys by run, of the experiment's hot runs. Asked before D1: what leaves a log meanwhile is in D1 after. */
export async function keysInLogs(env: Env, experiment: string): Promise<Map<string, string[]>> {
  const { results } = await env.DB.prepare(
    "SELECT run_id FROM runs INDEXED BY runs_hot WHERE experiment_id = ?1 AND hot = 1 LIMIT ?2",
  )
    .bind(experiment, MAX_HOT_READS)
    .all<{ run_id: string }>();
  const latest = await latestInLogs(
    env,
    results.map(({ run_id }) => run_id),
  );
  return new Map(Array.from(latest, ([run, byKey]) => [run, [...byKey.keys()]]));
}

/** How many of the runs have each key in their logs alone. */
export async function countUnpublished(
  d1: D1Database,
  byRun: ReadonlyMap<string, readonly string[]>,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (byRun.size === 0) return counts;
  const { results } = await d1
    .prepare("SELECT l.run_id, l.key FROM json_each(?1) r CROSS JOIN latest_metrics l ON l.run_id = r.value")
    .bind(JSON.stringify([...byRun.keys()]))
    .all<{ run_id: string; key: string }>();
  const published = Map.groupBy(results, ({ run_id }) => run_id);
  for (const [run, keys] of byRun) {
    const known = new Set(published.get(run)?.map(({ key }) => key));
    for (const key of keys) if (!known.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** D1's list with what only logs have, in order, at most `limit` keys. */
export function addCounts(
  published: readonly KeyCount[],
  unpublished: ReadonlyMap<string, number>,
  { prefix, limit }: { prefix: string; limit: number },
): { keys: KeyCount[]; truncated: boolean } {
  const all = new Map(published.map((one) => [one.key, one]));
  for (const [key, runs] of unpublished) {
    if (!key.startsWith(prefix)) continue;
    const known = all.get(key);
    all.set(key, known ? { ...known, runs: known.runs + runs } : { key, runs });
  }
  const keys = [...all.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { keys: keys.slice(0, limit), truncated: keys.length > limit };
}
