/** Statistics of many runs' metrics at once, by columns: what a table of runs and a comparison show. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import { wireDouble } from "../wire/json";
import type { App } from "../wire/rpc";
import { double, texts } from "../wire/schemas";
import { type Cell, columnsOf } from "./stats-load";

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
