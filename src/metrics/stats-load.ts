/** Statistics and latest values of some metrics of many runs, whether published or still in their logs. */
import type { Env } from "../env";
import { withManyHistories } from "./history-load";
import { isLater } from "./observation";
import { eachBounded, withLog } from "./run-logs";
import { type SeriesSummary, summaryOf } from "./stats";

interface Last {
  value: number;
  step: number;
  timestamp: number;
}

/** What is known of one metric of one run; undefined where it has none. */
export type Cell = (SeriesSummary & { last: Last }) | undefined;

/** The cells of each key, by place of the run. */
export async function columnsOf(env: Env, runIds: readonly string[], keys: readonly string[]): Promise<Cell[][]> {
  const summaries = await withManyHistories(env, runIds, keys, async (histories) =>
    runIds.map((id) => (histories.get(id) ?? []).map(summaryOf)),
  );
  const last = await lastValues(env, runIds, keys);
  return keys.map((_, k) =>
    runIds.map((_, r): Cell => {
      const summary = summaries[r]?.[k];
      const latest = last.get(`${r} ${k}`);
      return summary && latest && { ...summary, last: latest };
    }),
  );
}

/** The latest observations: the logs of hot runs are asked first, so that what leaves them meanwhile is in D1. */
async function lastValues(env: Env, runIds: readonly string[], keys: readonly string[]): Promise<Map<string, Last>> {
  const ids = JSON.stringify(runIds);
  const { results: hot } = await env.DB.prepare(
    "SELECT j.key AS r FROM json_each(?1) j CROSS JOIN runs ON runs.run_id = j.value WHERE runs.hot = 1",
  )
    .bind(ids)
    .all<{ r: number }>();
  const out = new Map<string, Last>();
  const places = new Map(keys.map((key, k) => [key, k]));
  await eachBounded(hot, async ({ r }) => {
    const { latest } = await withLog(env, runIds[r] as string, (log) => log.latest());
    for (const { key, ...last } of latest) if (places.has(key)) out.set(`${r} ${places.get(key)}`, last);
  });
  const { results } = await env.DB.prepare(
    `SELECT j.key AS r, k.key AS k, l.value, l.is_nan, l.step, l.timestamp
     FROM json_each(?1) j CROSS JOIN json_each(?2) k
     CROSS JOIN latest_metrics l ON l.run_id = j.value AND l.key = k.value`,
  )
    .bind(ids, JSON.stringify(keys))
    .all<{ r: number; k: number; is_nan: number } & Last>();
  for (const { r, k, is_nan, value, step, timestamp } of results) {
    const stored = { value: is_nan ? Number.NaN : value, step, timestamp };
    const known = out.get(`${r} ${k}`);
    if (!known || isLater(stored, known)) out.set(`${r} ${k}`, stored);
  }
  return out;
}
