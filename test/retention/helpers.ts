import { env } from "cloudflare:workers";
import { Budget } from "../../src/retention/budget";
import { collect, type Pass } from "../../src/retention/collect";
import { newRun, ok } from "../tracking/helpers";

/** Collects whatever is deleted by now. */
export const collectAll = (on = env, calls = 10_000): Promise<Pass> => collect(on, Date.now() + 1, new Budget(calls));

const TABLES = {
  run_id: [
    "runs",
    "metric_chunks",
    "latest_metrics",
    "params",
    "tags",
    "dataset_inputs",
    "run_models",
    "logged_model_metrics",
  ],
  model_id: ["logged_models", "logged_model_params", "logged_model_tags", "logged_model_metrics"],
  experiment_id: [
    ...["experiments", "experiment_tags", "datasets", "dataset_uses", "dataset_inputs"],
    ...["runs", "params", "tags", "latest_metrics", "logged_models", "logged_model_metrics"],
  ],
} as const;

/** The tables that still hold something of a run, model or experiment, removals included. */
export async function whatIsLeft(column: keyof typeof TABLES, id: string): Promise<string[]> {
  const tables = TABLES[column];
  const counts = await env.DB.batch<{ n: number }>([
    ...tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`).bind(id)),
    env.DB.prepare("SELECT count(*) AS n FROM removals WHERE id = ?").bind(id),
  ]);
  return [...tables, "removals"].filter((_, i) => (counts[i]?.results[0]?.n ?? 0) > 0);
}

export async function files(prefix: string): Promise<string[]> {
  return (await env.ARTIFACTS.list({ prefix: `artifacts/${prefix}` })).objects.map(({ key }) => key.slice(10));
}

export const putFile = (path: string) => env.ARTIFACTS.put(`artifacts/${path}`, "x");

export interface FullRun {
  run: string;
  model: string;
}

/** A finished run with something of everything, and a model with metrics of that run. */
export async function fullRun(experiment: string): Promise<FullRun> {
  const run = await newRun(experiment);
  const created = await ok("logged-models", {
    experiment_id: experiment,
    source_run_id: run,
    params: [{ key: "a", value: "b" }],
    tags: [{ key: "a", value: "b" }],
  });
  const model = created.model.info.model_id;
  const metric = { key: "m", value: 1, timestamp: 1, step: 1 };
  await ok("runs/log-batch", {
    run_id: run,
    metrics: [metric, { ...metric, step: 2, model_id: model }],
    params: [{ key: "p", value: "1" }],
    tags: [{ key: "t", value: "1" }],
  });
  const dataset = { name: "d", digest: "1", source_type: "local", source: "s" };
  await ok("runs/log-inputs", { run_id: run, datasets: [{ dataset }], models: [{ model_id: model }] });
  await ok("runs/outputs", { run_id: run, models: [{ model_id: model, step: 1 }] });
  await ok("runs/update", { run_id: run, status: "FINISHED" });
  await putFile(`${experiment}/${run}/artifacts/a/b.txt`);
  await putFile(`${experiment}/models/${model}/artifacts/MLmodel`);
  return { run, model };
}
