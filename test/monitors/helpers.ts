import { SELF } from "cloudflare:test";
import { expect } from "vitest";
import { type Json, newExperiment, newRun, ok } from "../tracking/helpers";

const TIDEMARK = "http://x/api/2.0/tidemark";

/** Calls one of Tidemark's own routes; gives back status and body. */
export async function call(method: string, path: string, body?: object): Promise<[number, Json]> {
  const answer = await SELF.fetch(TIDEMARK + path, body ? { method, body: JSON.stringify(body) } : { method });
  return [answer.status, await answer.json<Json>()];
}

/** The same, and expects it to go well. */
export async function did(method: string, path: string, body?: object): Promise<Json> {
  const [status, answer] = await call(method, path, body);
  expect(answer, `${method} ${path}`).not.toHaveProperty("error_code");
  expect(status).toBe(200);
  return answer;
}

/** Calls a DELETE of MLflow's API. */
export const remove = (path: string, body: Json): Promise<Json> =>
  ok(path, body, (request) => SELF.fetch(new Request(request, { method: "DELETE" })));

/** Logs values of a metric, a step each, one second apart and now. */
export async function log(run_id: string, values: number[], { key = "loss", from = 0 } = {}): Promise<void> {
  const start = Date.now();
  const metrics = values.map((value, i) => ({
    key,
    value: Number.isNaN(value) ? "NaN" : value,
    timestamp: start + i,
    step: from + i,
  }));
  await ok("runs/log-batch", { run_id, metrics });
}

/** An experiment with a run. */
export async function place(fields: Json = {}): Promise<{ experiment: string; run: string }> {
  const experiment = await newExperiment();
  return { experiment, run: await newRun(experiment, fields) };
}

export const newMonitor = (fields: Json): Promise<Json> =>
  did("POST", "/monitors", { metric: "loss", condition: { type: "threshold", value: 10 }, ...fields });

export const alertsOf = async (run: string): Promise<Json[]> => (await did("GET", `/alerts?run_id=${run}`)).alerts;

/** Waits until a run has alerts in these states, the newest first. */
export async function expectAlerts(run: string, states: string[]): Promise<Json[]> {
  await expect.poll(async () => (await alertsOf(run)).map((a) => a.state), { timeout: 4000 }).toEqual(states);
  return await alertsOf(run);
}

/** Long enough for whatever is going to be written. */
export const settled = (): Promise<void> => scheduler.wait(300);
