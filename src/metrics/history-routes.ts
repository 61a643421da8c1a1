/** Reading metric history: MLflow's three endpoints. */
import { finished, jsonResponse } from "../wire/answer";
import { invalid } from "../wire/errors";
import { decodeOffset, encodeOffset } from "../wire/paging";
import { type App, raw, rpc } from "../wire/rpc";
import type { Columns } from "./block";
import { atRanks, pageByTime, withinSteps } from "./history";
import { type History, withHistories } from "./history-load";
import { historyPage } from "./history-page";
import { JsonBytes } from "./json-bytes";
import { sampleRanks } from "./sampling";

// MLflow 3.17.2's limits of its bulk endpoints.
const MAX_BULK_RUNS = 100;
const MAX_BULK_RESULTS = 25_000;
const MAX_INTERVAL_RESULTS = 2_500;

const SEE_DOCS = "See the API docs for more information about request parameters.";

export function historyRoutes(app: App): void {
  rpc(app, "getMetricHistory", async (request, c) => {
    const { run_id, metric_key: key, max_results: limit, page_token } = request;
    if (limit !== undefined && limit < 1) {
      throw invalid(`Invalid value ${limit} for parameter 'max_results' supplied. It must be a positive integer.`);
    }
    const offset = decodeOffset(page_token);
    const { columns, count } = await historyPage(c.env, run_id, key, offset, limit);
    if (columns.values.length === 0) return {};
    const end = offset + columns.values.length;
    const next = end < count ? `,"next_page_token":${JSON.stringify(encodeOffset(end))}` : "";
    return metricsResponse([{ columns }], key, next);
  });

  rpc(app, "getMetricHistoryBulkInterval", async (request, c) => {
    const { run_ids, metric_key: key, start_step, end_step } = request;
    const limit = request.max_results ?? MAX_INTERVAL_RESULTS;
    if (run_ids.length > MAX_BULK_RUNS) {
      throw invalid(
        `GetMetricHistoryBulkInterval request must specify at most ${MAX_BULK_RUNS} run_ids. ` +
          `Received ${run_ids.length} run_ids. ${SEE_DOCS}`,
      );
    }
    if (limit < 1 || limit > MAX_INTERVAL_RESULTS) {
      throw invalid(`max_results must be between 1 and ${MAX_INTERVAL_RESULTS}. ${SEE_DOCS}`);
    }
    if ((start_step === undefined) !== (end_step === undefined)) {
      throw invalid("If either start step or end step are specified, both must be specified.");
    }
    if (start_step !== undefined && end_step !== undefined && start_step > end_step) {
      throw invalid(
        `end_step must be greater than start_step. Found start_step=${start_step} and end_step=${end_step}.`,
      );
    }
    return await withHistories(c.env, run_ids, key, async (histories, fetch) => {
      const plans: { runId: string; history: History; ranks: number[] }[] = [];
      for (const runId of run_ids) {
        let history = histories.get(runId) as History;
        if (start_step !== undefined && end_step !== undefined) {
          history = await withinSteps(history, start_step, end_step, fetch);
        }
        if (history.count > 0) plans.push({ runId, history, ranks: sampleRanks(history.count, limit) });
      }
      const samples = await atRanks(plans, fetch);
      if (samples.length === 0) return {};
      return metricsResponse(
        plans.map(({ runId }, i) => ({ columns: samples[i] as Columns, rest: ofRun(runId) })),
        key,
      );
    });
  });

  raw(app, "serve_get_metric_history_bulk", async (c) => {
    const search = new URL(c.req.url).searchParams;
    const runIds = search.getAll("run_id").filter((id) => id !== "");
    const key = search.get("metric_key");
    if (runIds.length === 0) throw invalid("GetMetricHistoryBulk request must specify at least one run_id.");
    if (runIds.length > MAX_BULK_RUNS) {
      throw invalid(
        `GetMetricHistoryBulk request cannot specify more than ${MAX_BULK_RUNS} run_ids. ` +
          `Received ${runIds.length} run_ids.`,
      );
    }
    if (!key) throw invalid("GetMetricHistoryBulk request must specify a metric_key.");
    const asked = search.get("max_results");
    if (asked !== null && !/^\d+$/.test(asked)) {
      throw invalid(`Invalid value "${asked}" for parameter 'max_results' supplied. It must be a positive integer`);
    }
    let room = Math.min(asked === null ? MAX_BULK_RESULTS : Number(asked), MAX_BULK_RESULTS);
    const sorted = [...new Set(runIds)].sort();
    return await withHistories(c.env, sorted, key, async (histories, fetch) => {
      const pages: { columns: Columns; rest: string }[] = [];
      for (const runId of sorted) {
        if (room <= 0) break;
        const columns = await pageByTime(histories.get(runId) as History, 0, room, fetch);
        room -= columns.values.length;
        if (columns.values.length > 0) pages.push({ columns, rest: ofRun(runId) });
      }
      return await finished(c.req.raw, metricsResponse(pages, key));
    });
  });
}

/** An answer of `{"metrics":[…]REST}`; each `rest` is JSON. */
function metricsResponse(series: readonly { columns: Columns; rest?: string }[], key: string, rest = ""): Response {
  const json = new JsonBytes();
  const name = JSON.stringify(key);
  json.text('{"metrics":[');
  series.forEach((one, i) => {
    if (i > 0) json.text(",");
    json.metrics(one.columns, name, one.rest);
  });
  json.text(`]${rest}}`);
  return jsonResponse(json.bytes);
}

const ofRun = (runId: string): string => `,"run_id":${JSON.stringify(runId)}`;
