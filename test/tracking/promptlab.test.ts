/** Trials of MLflow's prompt lab, kept as runs. */
import { SELF } from "cloudflare:test";
import { expect, it } from "vitest";
import { entries, getRun, type Json, newExperiment } from "./helpers";

const trial = (experiment_id: string): Json => ({
  experiment_id,
  prompt_template: 'say "hi" to {{ who }}',
  prompt_parameters: [{ key: "who", value: "us" }],
  model_route: "chat",
  model_parameters: [{ key: "temperature", value: "0.5" }],
  model_input: 'say "hi" to us',
  model_output: "hi",
  model_output_parameters: [{ key: "latency", value: "9" }],
  mlflow_version: "3.17.2",
  user_id: "u",
  start_time: "5",
  run_name: "trial",
  tags: [{ key: "a", value: "b" }],
});

async function create(body: Json): Promise<[number, Json]> {
  const answer = await SELF.fetch("https://tidemark.test/ajax-api/2.0/mlflow/runs/create-promptlab-run", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return [answer.status, await answer.json()];
}

async function file(run: string, path: string): Promise<Json> {
  return await (await SELF.fetch(`https://tidemark.test/get-artifact?run_uuid=${run}&path=${path}`)).json();
}

it("makes a finished run with its table and its model", async () => {
  const experiment = await newExperiment();
  const [status, { run }] = await create(trial(experiment));
  expect([status, run.info.status, run.info.start_time, run.info.run_name]).toEqual([200, "FINISHED", 5, "trial"]);
  expect(await getRun(run.info.run_id)).toEqual(run);
  expect(entries(run.data.params)).toEqual({
    temperature: "0.5",
    model_route: "chat",
    prompt_template: 'say "hi" to {{ who }}',
  });
  const tags = entries(run.data.tags);
  expect(tags).toMatchObject({ a: "b", "mlflow.runName": "trial", "mlflow.runSourceType": "PROMPT_ENGINEERING" });
  expect(JSON.parse(tags["mlflow.loggedArtifacts"] ?? "")).toEqual([
    { path: "eval_results_table.json", type: "table" },
  ]);
  expect(JSON.parse(tags["mlflow.log-model.history"] ?? "")).toMatchObject([{ artifact_path: "model", flavors: {} }]);
  expect(await file(run.info.run_id, "eval_results_table.json")).toEqual({
    columns: ["who", "prompt", "output", "latency"],
    data: [["us", 'say "hi" to us', "hi", "9"]],
  });
  expect(await file(run.info.run_id, "model/parameters.yaml")).toEqual({
    model_route: "chat",
    prompt_template: 'say "hi" to {{ who }}',
    prompt_parameters: { who: "us" },
    model_parameters: { temperature: "0.5" },
  });
  expect((await file(run.info.run_id, "model/MLmodel")).flavors).toHaveProperty("python_function");
});

it("names what is missing or wrong", async () => {
  const whole = trial(await newExperiment());
  for (const field of ["experiment_id", "prompt_template", "prompt_parameters", "model_route", "model_input"]) {
    const [status, answer] = await create({ ...whole, [field]: undefined });
    expect([status, answer.message]).toEqual([400, `CreatePromptlabRun request must specify ${field}.`]);
  }
  for (const wrong of [
    { tags: [{ value: "x" }] },
    { model_parameters: { a: "b" } },
    { start_time: "soon" },
    { run_name: 5 },
    { model_parameters: [{ key: "model_route", value: "x" }] },
    { model_parameters: [{ key: "a//b", value: "x" }] },
  ]) {
    expect((await create({ ...whole, ...wrong }))[0]).toBe(400);
  }
  expect((await create({ ...whole, experiment_id: "999999" }))[0]).toBe(404);
});
