import { getRequest, postRequest } from "./bodies.mjs";
import { Connection } from "./connection.mjs";

const API = "/api/2.0/mlflow";
/** The page size that MLflow's own client asks for. */
export const HISTORY_PAGE = 25_000;

async function json(connection, bytes) {
  const { status, body } = await connection.request(bytes);
  if (status !== 200) throw new Error(`${status} ${body.toString("utf8", 0, 500)}`);
  return JSON.parse(body.toString());
}

/** Runs `use` with a connection of its own whose answers come as JSON: { post(path, body), get(path) }. */
export async function withApi(port, use) {
  const connection = new Connection(port, { keepBody: true });
  try {
    return await use({
      post: (path, body) => json(connection, postRequest(`${API}/${path}`, port, JSON.stringify(body))),
      get: (path) => json(connection, getRequest(`${API}/${path}`, port)),
    });
  } finally {
    connection.close();
  }
}

/** Creates an experiment and returns its id. */
export function createExperiment(port, name) {
  return withApi(port, async (api) => (await api.post("experiments/create", { name })).experiment_id);
}

/** Creates runs, each RUNNING, and returns their ids. */
export function createRuns(port, experimentId, count) {
  return withApi(port, async (api) => {
    const ids = [];
    for (let i = 0; i < count; i++) {
      const { run } = await api.post("runs/create", { experiment_id: experimentId, start_time: Date.now() });
      ids.push(run.info.run_id);
    }
    return ids;
  });
}

/** Ends runs, as a client does at the end of a `with` block. */
export function finishRuns(port, ids) {
  return withApi(port, async (api) => {
    for (const id of ids) {
      await api.post("runs/update", { run_id: id, status: "FINISHED", end_time: Date.now() });
    }
  });
}

/** Path of one page of a metric's history. */
export function historyPath(runId, key, pageToken, maxResults = HISTORY_PAGE) {
  const query = new URLSearchParams({ run_id: runId, metric_key: key, max_results: String(maxResults) });
  if (pageToken) query.set("page_token", pageToken);
  return `metrics/get-history?${query}`;
}

/** Reads a metric's whole history page by page; calls `onPage(metrics)` for each. */
export async function eachHistoryPage(api, runId, key, onPage) {
  let token;
  do {
    const page = await api.get(historyPath(runId, key, token));
    onPage(page.metrics ?? []);
    token = page.next_page_token;
  } while (token);
}
