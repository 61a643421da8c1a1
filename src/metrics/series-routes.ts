/** Series for charts: the call, its checks, and its answers in binary and CSV. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import type { App, AppContext } from "../wire/rpc";
import { integer, texts } from "../wire/schemas";
import { csvOf } from "./series-csv";
import { encodeSeries, SERIES_TYPE } from "./series-format";
import { loadSeries } from "./series-load";

/** Runs and keys of one call, each, and series in all: an answer of 2,000 series of 600 buckets is 50 MB. */
const MAX_EACH = 100;
const MAX_SERIES = 2000;
const MAX_BUCKETS = 5000;
const DEFAULT_BUCKETS = 600;
/** Rows of an answer, so that it fits into a Worker's memory. */
const MAX_ROWS = 1_200_000;
const MAX_SMOOTHING = 0.999;
/** Bytes from which compressing costs less time than it saves on most lines. */
const MIN_COMPRESSED = 100_000;
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

const FIELDS = v.object({
  run_id: texts(1, MAX_EACH),
  key: texts(1, MAX_EACH),
  x: v.optional(v.picklist(["step", "time", "relative"]), "step"),
  from: v.optional(v.pipe(v.number(), v.finite(), v.description("Only points with this x or a larger one."))),
  to: v.optional(v.pipe(v.number(), v.finite(), v.description("Only points with this x or a smaller one."))),
  buckets: v.optional(
    v.pipe(integer(1, MAX_BUCKETS), v.description("600 where absent; in CSV, absent means every point.")),
  ),
  smoothing: v.optional(
    v.pipe(
      v.number(),
      v.minValue(0),
      v.maxValue(MAX_SMOOTHING),
      v.description("Adds the debiased moving average of this weight."),
    ),
  ),
  format: v.optional(v.picklist(["binary", "csv"]), "binary"),
});

const ANSWERS = [
  { type: SERIES_TYPE, description: "Columns of min, max, last, count a bucket; docs/page-api.md has the layout." },
  { type: "text/csv", description: "A row an observation, or a bucket where `buckets` is given." },
] as const;

export function seriesRoutes(app: App): void {
  const described = {
    path: "/metrics/series",
    tag: "Metrics",
    summary: "Metrics of many runs, thinned to min, max and last a bucket, exactly where there are few points.",
    answers: ANSWERS,
  } as const;
  serve(app, { ...described, name: "getSeries", method: "GET", query: FIELDS }, ({ query }, c) => answer(c, query));
  serve(app, { ...described, name: "postSeries", method: "POST", body: FIELDS }, ({ body }, c) => answer(c, body));
}

async function answer(c: AppContext, fields: v.InferOutput<typeof FIELDS>): Promise<Response> {
  const { x, from, to, buckets, smoothing, format } = fields;
  const runIds = [...new Set(fields.run_id)];
  const keys = [...new Set(fields.key)];
  if (from !== undefined && to !== undefined && from > to) {
    throw invalid(`Invalid value ${from} for parameter 'from' supplied: it is more than 'to', ${to}.`);
  }
  const series = runIds.length * keys.length;
  if (series > MAX_SERIES || series * (buckets ?? 0) > MAX_ROWS) {
    throw invalid(
      `Invalid value for parameter 'run_id' supplied: ${runIds.length} runs with ${keys.length} keys are too many; ` +
        `at most ${MAX_SERIES} series, and ${MAX_ROWS} buckets in all.`,
    );
  }
  if (format === "csv") return csvOf(c.env, { runIds, keys, x, from, to, buckets, smoothing });
  const request = { runIds, keys, x, from, to, buckets: buckets ?? DEFAULT_BUCKETS, smoothing };
  const bytes = encodeSeries({ x, buckets: request.buckets, series: await loadSeries(c.env, request) });
  const headers = new Headers({ "Content-Type": SERIES_TYPE });
  // The runtime then compresses it. Nobody else would: the type is not one that proxies know. On the machine itself it
  // would only cost time.
  const isWorthIt = bytes.length > MIN_COMPRESSED && !LOOPBACK.test(new URL(c.req.url).hostname);
  if (isWorthIt && /\bgzip\b/.test(c.req.header("Accept-Encoding") ?? "")) headers.set("Content-Encoding", "gzip");
  return new Response(bytes, { headers });
}
