/** Statistics of many runs' metrics at once, by columns: what a table of runs and a comparison show. */
import * as v from "valibot";
import type { Env } from "../env";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import { wireDouble } from "../wire/json";
import type { App } from "../wire/rpc";
import { double, texts } from "../wire/schemas";
import { withManyHistories } from "./history-load";
import { compareAt } from "./observation";
import { eachBounded, withLog } from "./run-logs";
import { type SeriesSummary, summaryOf } from "./stats";

const MAX_RUNS = 1000;
const MAX_KEYS = 100;
const MAX_CELLS = 10_000;

const INTEGERS = v.array(v.nullable(v.number()));
const DOUBLES = v.array(v.nullable(double));

const ANSWER = v.object({
  keys: v.record(
    v.string(),
    v.object({
      count: INTEGERS,
      nans: INTEGERS,
      last: DOUBLES,
      step: INTEGERS,
      timestamp: INTEGERS,
      min: DOUBLES,
      max: DOUBLES,
      mean: DOUBLES,
    }),
  ),
});

export function statsRoutes(app: App): void {
  serve(
    app,
    {
      name: "getStats",
      method: "POST",
      path: "/metrics/stats",
      tag: "Metrics",
      summary: "Last, smallest and largest value, mean and count of chosen metrics of many runs, a list entry a run.",
      body: v.object({ run_ids: texts(1, MAX_RUNS), keys: texts(1, MAX_KEYS) }),
      answers: [ANSWER],
    },
    async ({ body }, c) => {
      const keys = [...new Set(body.keys)];
      const runIds = [...new Set(body.run_ids)];
      if (runIds.length * keys.length > MAX_CELLS) {
        throw invalid(
          `Invalid value for parameter 'keys' supplied: ${runIds.length} runs with ${keys.length} keys are too many; ` +
            `at most ${MAX_CELLS} cells.`,
        );
      }
      const columns = await columnsOf(c.env, runIds, keys);
      const places = body.run_ids.map((id) => runIds.indexOf(id));
      return { keys: Object.fromEntries(keys.map((key, k) => [key, wireColumns(columns[k] ?? [], places)])) };
    },
  );
}

interface Last {
  value: number;
  step: number;
  timestamp: number;
}

type Cell = (SeriesSummary & { last: Last }) | undefined;

/** The cells of each key, by place of the run. */
async function columnsOf(env: Env, runIds: readonly string[], keys: readonly string[]): Promise<Cell[][]> {
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

const single = ({ step, timestamp, value }: Last) => ({
  steps: Float64Array.of(step),
  timestamps: Float64Array.of(timestamp),
  values: Float64Array.of(value),
});

const isLater = (a: Last, b: Last): boolean => compareAt(single(a), 0, single(b), 0) > 0;

function wireColumns(cells: readonly Cell[], places: readonly number[]) {
  const column = (read: (cell: NonNullable<Cell>) => number | undefined) =>
    places.map((place) => {
      const cell = cells[place];
      const value = cell && read(cell);
      return value === undefined ? null : wireDouble(value);
    });
  return {
    count: column((cell) => cell.count),
    nans: column((cell) => cell.nans),
    last: column((cell) => cell.last.value),
    step: column((cell) => cell.last.step),
    timestamp: column((cell) => cell.last.timestamp),
    min: column((cell) => cell.min),
    max: column((cell) => cell.max),
    mean: column((cell) => cell.mean),
  };
}
