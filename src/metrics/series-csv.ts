/** Series as CSV: every observation, streamed whatever their number, or the rows of a thinned answer. */
import type { Env } from "../env";
import type { Columns } from "./block";
import { compareAt, newColumns, slice } from "./observation";
import { ChunksMoved } from "./pieces";
import type { ThinSeries } from "./series-format";
import { loadBounds, loadSeries, readSegments, type SeriesRequest, spanOf } from "./series-load";
import { planSeries } from "./series-plan";
import type { Axis } from "./series-thin";

type CsvRequest = Omit<SeriesRequest, "buckets"> & { buckets?: number };

const EVERY_POINT = { buckets: 1, warmUp: 0, isWhole: true };
/** Times a series is begun again because its chunks were merged meanwhile. */
const ATTEMPTS = 8;
/** Rows written together. */
const ROWS = 4096;

/** The answer. What goes wrong after it began cuts it off. */
export async function csvOf(env: Env, request: CsvRequest): Promise<Response> {
  const { buckets } = request;
  const lines =
    buckets === undefined ? everyPoint(env, request) : thinned(await loadSeries(env, { ...request, buckets }));
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="metrics.csv"',
    },
  });
}

/** A text as a field of CSV (RFC 4180). */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

async function* thinned(series: readonly ThinSeries[]): AsyncGenerator<string, undefined> {
  const hasAverage = series.some((s) => s.smoothed);
  yield `run_id,key,x,last,min,max,count,nans${hasAverage ? ",smoothed" : ""}\n`;
  for (const { run_id, key, rows, x, last, min, max, counts, nanCounts, smoothed } of series) {
    const name = `${field(run_id)},${field(key)}`;
    let text = "";
    for (let i = 0; i < rows; i++) {
      const average = smoothed ? `,${smoothed[i]}` : "";
      text += `${name},${x[i]},${last[i]},${min[i]},${max[i]},${counts[i]},${nanCounts[i]}${average}\n`;
    }
    yield text;
  }
}

async function* everyPoint(env: Env, request: CsvRequest): AsyncGenerator<string, undefined> {
  yield "run_id,key,step,timestamp,value\n";
  for (const key of request.keys) {
    for (const runId of request.runIds) {
      const name = `${field(runId)},${field(key)}`;
      for await (const columns of pointsOf(env, request, runId, key)) yield* rowsOf(name, columns);
    }
  }
}

function* rowsOf(name: string, { steps, timestamps, values }: Columns): Generator<string> {
  for (let from = 0; from < values.length; from += ROWS) {
    let text = "";
    const to = Math.min(from + ROWS, values.length);
    for (let i = from; i < to; i++) text += `${name},${steps[i]},${timestamps[i]},${values[i]}\n`;
    yield text;
  }
}

/** A series' observations in the range, in order; where chunks are merged on the way, it goes on after the last one. */
async function* pointsOf(env: Env, request: CsvRequest, runId: string, key: string): AsyncGenerator<Columns> {
  const asked = { runIds: [runId], keys: [key] };
  const by = request.x === "step" ? "steps" : "timestamps";
  let written: Columns | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const bounds = await loadBounds(env, asked);
      const chunks = [...bounds.chunks.values()].flat();
      const [tail] = bounds.tails.values();
      const origin = request.x === "relative" ? bounds.starts.get(0) || spanOf(chunks, tail, by).min : 0;
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = request;
      const axis: Axis = { by, origin, from, to, low: from, high: to };
      // In order of step whatever the range is of, so that it can go on after the last one written.
      const plan = { ...planSeries(chunks, tail, axis, EVERY_POINT), mustSort: false };
      for await (const { columns } of readSegments(env, asked, [{ r: 0, k: 0, plan }])) {
        if (!columns) continue;
        const wanted = within(columns, axis, written);
        if (wanted.values.length === 0) continue;
        yield wanted;
        written = lastOf(wanted);
      }
      return;
    } catch (error) {
      if (!(error instanceof ChunksMoved) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The observations in the range that come after those already written. */
function within(columns: Columns, axis: Axis, written: Columns | undefined): Columns {
  const out = newColumns(columns.values.length);
  let n = 0;
  for (const [i, at] of columns[axis.by].entries()) {
    const x = at - axis.origin;
    if (x < axis.from || x > axis.to || (written && compareAt(written, 0, columns, i) >= 0)) continue;
    out.steps[n] = columns.steps[i] as number;
    out.timestamps[n] = columns.timestamps[i] as number;
    out.values[n] = columns.values[i] as number;
    n++;
  }
  return slice(out, 0, n);
}

const lastOf = (columns: Columns): Columns => slice(columns, columns.values.length - 1, columns.values.length);
