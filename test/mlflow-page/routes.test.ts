/** MLflow's own page below /mlflow/: its relative calls reach the API, and what is not here is quiet for the page alone. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { newExperiment, newRun } from "../tracking/helpers";

const app = createApp();

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  return await app.fetch(new Request(`https://tidemark.test${path}`, init), env, createExecutionContext());
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("calls relative to /mlflow/", () => {
  it("are answered as those at the root", async () => {
    const run = await newRun(await newExperiment());
    for (const prefix of ["", "/mlflow"]) {
      const got = await call(`${prefix}/ajax-api/2.0/mlflow/runs/get?run_id=${run}`);
      expect(await got.json()).toMatchObject({ run: { info: { run_id: run } } });
      const tagged = await post(`${prefix}/ajax-api/2.0/mlflow/runs/set-tag`, { run_id: run, key: "a", value: "b/c" });
      expect(tagged.status).toBe(200);
      const asked = await post(`${prefix}/graphql`, {
        query: `{ mlflowGetRun(input: { runId: "${run}" }) { run { info { runUuid } } } }`,
      });
      expect(await asked.json()).toMatchObject({ data: { mlflowGetRun: { run: { info: { runUuid: run } } } } });
      const missing = await call(`${prefix}/get-artifact?run_uuid=${run}&path=nothing%2Fhere.txt`);
      expect(await missing.json()).toMatchObject({ error_code: "RESOURCE_DOES_NOT_EXIST" });
    }
  });

  it("are refused to pages of other sites", async () => {
    const body = { name: "from elsewhere" };
    const refused = await post("/mlflow/ajax-api/2.0/mlflow/experiments/create", body, { Origin: "https://evil.test" });
    expect(refused.status).toBe(403);
  });

  it("end below the prefix: no other path is taken for one", async () => {
    for (const path of [
      "/mlflow/mlflow/ajax-api/2.0/mlflow/experiments/search",
      "/mlflow/health",
      "/mlflow/graphql/x",
    ]) {
      expect((await call(path)).status, path).toBe(404);
    }
  });
});

describe("the address", () => {
  it("gets its slash, without which relative addresses lead elsewhere", async () => {
    const answer = await call("/mlflow");
    expect([answer.status, answer.headers.get("Location")]).toEqual([302, "/mlflow/"]);
  });

  it("says how to add the page where it is not there", async () => {
    const request = new Request("https://tidemark.test/mlflow/");
    const answer = await app.fetch(request, { ...env, ASSETS: undefined }, createExecutionContext());
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining("npm run ui:mlflow")]);
  });
});

describe("what is not here", () => {
  it("is none for the page", async () => {
    const traces = await post("/mlflow/ajax-api/3.0/mlflow/traces/search", { locations: [] });
    expect([traces.status, await traces.json()]).toEqual([200, {}]);
    expect((await call("/ajax-api/3.0/mlflow/scorers/list?experiment_id=0")).status).toBe(200);
  });

  it("is not implemented for API clients", async () => {
    const traces = await post("/api/3.0/mlflow/traces/search", { locations: [] });
    expect(traces.status).toBe(501);
  });

  it("is a user, too: nobody logs in", async () => {
    expect((await call("/mlflow/ajax-api/2.0/mlflow/users/current")).status).toBe(404);
  });
});
