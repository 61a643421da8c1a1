/** POST /graphql: the queries of MLflow's page, what they answer to mistakes, and the limits of one. */
import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { type Json, newExperiment, newRun, ok } from "../tracking/helpers";

const GET_RUN = `query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetRun(input: $data) {
    apiError { helpUrl code message __typename }
    run {
      info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId __typename }
      experiment { experimentId name tags { key value __typename } artifactLocation lifecycleStage lastUpdateTime }
      modelVersions { status version name source __typename }
      data {
        metrics { key value step timestamp modelId __typename }
        params { key value __typename }
        tags { key value __typename }
      }
      inputs {
        datasetInputs {
          dataset { digest name profile schema source sourceType __typename }
          tags { key value __typename }
        }
        modelInputs { modelId __typename }
      }
      outputs { modelOutputs { modelId step __typename } }
      __typename
    }
  }
}`;

const GET_EXPERIMENT = `query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) {
  mlflowGetExperiment(input: $input) {
    apiError { code message }
    experiment { experimentId name creationTime effectiveTraceArchivalRetention tags { key value } workspace }
  }
}`;

const send = (body: unknown, headers: Json = {}) =>
  SELF.fetch("https://tidemark.test/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function ask(query: string, variables?: Json, operationName?: string): Promise<Json> {
  const answer = await send({ query, variables, operationName });
  expect(answer.status).toBe(200);
  return await answer.json();
}

describe("queries", () => {
  it("answers a run as MLflow's page asks for it", async () => {
    const experiment = await newExperiment({ tags: [{ key: "team", value: "a" }] });
    const run = await newRun(experiment, { start_time: 5, run_name: "first" });
    await ok("runs/log-batch", {
      run_id: run,
      metrics: [
        { key: "nan", value: "NaN", timestamp: 1, step: 2 },
        { key: "x", value: 1.5, timestamp: 1234567890123, step: 2 },
      ],
      params: [{ key: "p", value: "1" }],
    });
    await ok("runs/log-inputs", {
      run_id: run,
      datasets: [{ dataset: { name: "d", digest: "1", source_type: "local", source: "{}" }, tags: [] }],
      models: [{ model_id: "m-1" }],
    });
    const { data, errors } = await ask(GET_RUN, { data: { runId: run } }, "GetRun");
    expect(errors).toBeNull();
    expect(data.mlflowGetRun).toEqual({
      apiError: null,
      run: {
        __typename: "MlflowRunExtension",
        info: {
          __typename: "MlflowRunInfo",
          runName: "first",
          status: "RUNNING",
          runUuid: run,
          experimentId: experiment,
          artifactUri: `mlflow-artifacts:/${experiment}/${run}/artifacts`,
          endTime: "0",
          lifecycleStage: "active",
          startTime: "5",
          userId: "",
        },
        experiment: expect.objectContaining({
          experimentId: experiment,
          lifecycleStage: "active",
          tags: [{ __typename: "MlflowExperimentTag", key: "team", value: "a" }],
          lastUpdateTime: expect.stringMatching(/^\d+$/),
        }),
        modelVersions: [],
        data: {
          metrics: [
            { __typename: "MlflowMetricExtension", key: "nan", value: null, step: "2", timestamp: "1", modelId: "" },
            {
              __typename: "MlflowMetricExtension",
              key: "x",
              value: 1.5,
              step: "2",
              timestamp: "1234567890123",
              modelId: "",
            },
          ],
          params: [{ __typename: "MlflowParam", key: "p", value: "1" }],
          tags: [{ __typename: "MlflowRunTag", key: "mlflow.runName", value: "first" }],
        },
        inputs: {
          datasetInputs: [
            {
              dataset: {
                __typename: "MlflowDataset",
                digest: "1",
                name: "d",
                profile: "",
                schema: "",
                source: "{}",
                sourceType: "local",
              },
              tags: [],
            },
          ],
          modelInputs: [{ __typename: "MlflowModelInput", modelId: "m-1" }],
        },
        outputs: { modelOutputs: [] },
      },
    });
  });

  it("answers an experiment", async () => {
    const id = await newExperiment();
    const { data } = await ask(GET_EXPERIMENT, { input: { experimentId: id } });
    expect(data.mlflowGetExperiment).toMatchObject({
      apiError: null,
      experiment: { experimentId: id, effectiveTraceArchivalRetention: "", tags: [], workspace: "default" },
    });
  });

  it("searches runs, asking once for the experiment they share", async () => {
    const experiment = await newExperiment();
    for (const n of [1, 2, 3]) await newRun(experiment, { start_time: n });
    const asked: string[] = [];
    const app = createApp();
    const query = `query($d: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $d) {
      runs { info { startTime } experiment { name } modelVersions { name } } nextPageToken } }`;
    const d = { experimentIds: [experiment], maxResults: 2, runViewType: "ACTIVE_ONLY" };
    const body = JSON.stringify({ query, variables: { d } });
    const spying = {
      ...env,
      DB: new Proxy(env.DB, {
        get: (d1, name) => {
          if (name === "batch") asked.push("batch");
          const value = Reflect.get(d1, name);
          return typeof value === "function" ? value.bind(d1) : value;
        },
      }),
    };
    const request = new Request("https://tidemark.test/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    const answer: Json = await (await app.fetch(request, spying, createExecutionContext())).json();
    const { runs, nextPageToken } = answer.data.mlflowSearchRuns;
    expect(runs.map((run: Json) => run.info.startTime)).toEqual(["3", "2"]);
    expect(runs[0].experiment.name).toBe(runs[1].experiment.name);
    expect(nextPageToken).not.toBe("");
    // The page, the experiment, and the model versions of both.
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it("reads histories and artifacts", async () => {
    const run = await newRun(await newExperiment());
    for (const step of [1, 2]) await ok("runs/log-metric", { run_id: run, key: "x", value: step, timestamp: 1, step });
    const history = `{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["${run}"], metricKey: "x"}) {
      metrics { key value step timestamp runId } } }`;
    const { data, errors } = await ask(history);
    expect(errors).toBeNull();
    expect(data.mlflowGetMetricHistoryBulkInterval.metrics).toEqual([
      { key: "x", value: 1, step: "1", timestamp: "1", runId: run },
      { key: "x", value: 2, step: "2", timestamp: "1", runId: run },
    ]);
    const artifacts = `{ mlflowListArtifacts(input: {runId: "${run}"}) { rootUri files { path isDir fileSize } } }`;
    expect((await ask(artifacts)).data.mlflowListArtifacts.files).toEqual([]);
  });

  it("takes searches as mutations, too", async () => {
    const experiment = await newExperiment();
    const query = `mutation { mlflowSearchRuns(input: {experimentIds: ["${experiment}"]}) { runs { info { runId } } }
      mlflowSearchDatasets(input: {experimentIds: ["${experiment}"]}) { datasetSummaries { name digest } } }`;
    expect(await ask(query)).toEqual({
      data: { mlflowSearchRuns: { runs: [] }, mlflowSearchDatasets: { datasetSummaries: [] } },
      errors: null,
    });
  });
});

describe("mistakes", () => {
  it("a failing field is null and leaves its message, with 200", async () => {
    const unknown = "f".repeat(32);
    expect(await ask(GET_RUN, { data: { runId: unknown } })).toEqual({
      data: { mlflowGetRun: null },
      errors: [`Run with id=${unknown} not found`],
    });
    expect(await ask(GET_EXPERIMENT, { input: { experimentId: "abc" } })).toEqual({
      data: { mlflowGetExperiment: null },
      errors: ["Invalid experiment ID 'abc'. Experiment ID must be a valid integer."],
    });
    const { data, errors } = await ask('{ test(inputString: "x") { output } mlflowGetRun { run { info { runId } } } }');
    expect(data).toEqual({ test: { output: "x" }, mlflowGetRun: null });
    expect(errors[0]).toContain("run_id");
  });

  it("what does not fit the schema is told so, with 200", async () => {
    for (const [query, words] of [
      ["{ nope }", "Cannot query field"],
      ["query A { __typename } query B { __typename }", "Must provide operation name"],
      [GET_RUN, "to be provided"],
      ["query { ...F } fragment F on Query { ...F }", "within itself"],
    ] as const) {
      const { data, errors } = await ask(query);
      expect([data, errors[0]]).toEqual([null, expect.stringContaining(words)]);
    }
  });

  it("what is no GraphQL request is a 400", async () => {
    for (const body of ["{", "{}", "[]", '{"query": 5}', '{"query": "{"}', '{"query": "{a}", "variables": "x"}']) {
      const answer = await send(body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(await answer.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
    }
    expect((await send('{"query": "{__typename}"}', { "Content-Type": "text/plain" })).status).toBe(400);
    expect((await SELF.fetch("https://tidemark.test/graphql?query={__typename}")).status).toBe(400);
  });

  it("a server that can't answer for the moment says so", async () => {
    const broken = {
      ...env,
      DB: {
        prepare: () => ({ bind: () => ({}) }),
        batch: () => Promise.reject(new Error("D1 DB is overloaded.")),
      } as unknown as D1Database,
    };
    const request = new Request("https://tidemark.test/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: GET_EXPERIMENT, variables: { input: { experimentId: "0" } } }),
    });
    const answer = await createApp().fetch(request, broken, createExecutionContext());
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
  });
});

describe("limits", () => {
  const test = 'test(inputString: "x")';
  const times = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(" ");
  const nested = (n: number) => `{ __type(name: "Query") { ${"ofType { ".repeat(n)} name ${"} ".repeat(n)} } }`;

  it("root fields, aliases, depth and selections", async () => {
    for (const [good, bad, words] of [
      [`{ ${times(10, (i) => `a${i}: ${test} { output }`)} }`, `{ ${times(11, () => `${test} { output }`)} }`, "root"],
      [
        `{ ${test} { ${times(10, (i) => `a${i}: output`)} } }`,
        `{ ${test} { ${times(11, (i) => `a${i}: output`)} } }`,
        "at most 10 aliases, got 11",
      ],
      [nested(8), nested(9), "maximum depth of 10"],
      [
        `{ ${test} { ${times(99, () => "output")} } }`,
        `{ ${test} { ${times(1000, () => "output")} } }`,
        "maximum total selections of 1000",
      ],
    ] as const) {
      expect((await ask(good)).errors).toBeNull();
      const { data, errors } = await ask(bad);
      expect([data, errors]).toEqual([null, [expect.stringContaining(words)]]);
    }
  });

  it("fragments that spread fragments end before they explode", async () => {
    const levels = times(40, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`);
    const { errors } = await ask(`{ ...F0 } ${levels} fragment F40 on Query { __typename }`);
    expect(errors).toEqual([expect.stringContaining("maximum total selections")]);
  });
});
