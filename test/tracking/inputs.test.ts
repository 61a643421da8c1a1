import { SELF } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { entries, getRun, type Json, newExperiment, newRun, ok, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";
const MISSING = "RESOURCE_DOES_NOT_EXIST";

const dataset = (name: string, more: object = {}) => ({
  name,
  digest: "d",
  source_type: "local",
  source: "s",
  ...more,
});

describe("inputs", () => {
  test("datasets come back with their tags, each once, the first one staying", async () => {
    const run_id = await newRun("0");
    const tags = [
      { key: "mlflow.data.context", value: "train" },
      { key: "a", value: "b" },
    ];
    const datasets = [
      { dataset: dataset("one", { schema: "", profile: "p" }), tags },
      { dataset: dataset("two"), tags: [] },
      { dataset: dataset("one", { source: "other" }), tags: [{ key: "q", value: "r" }] },
    ];
    expect(await ok("runs/log-inputs", { run_id, datasets })).toEqual({});
    await ok("runs/log-inputs", { run_id, datasets: [{ dataset: dataset("two"), tags }] });
    expect((await getRun(run_id)).inputs).toEqual({
      dataset_inputs: [
        { dataset: dataset("one", { profile: "p" }), tags: tags.toReversed() },
        { dataset: dataset("two") },
      ],
    });
  });

  test("a dataset is one of its experiment", async () => {
    const experiment = await newExperiment();
    const [a, b] = [await newRun(experiment), await newRun(experiment)];
    const elsewhere = await newRun(await newExperiment());
    const log = (run_id: string, source: string) =>
      ok("runs/log-inputs", { run_id, datasets: [{ dataset: dataset("x", { source }) }] });
    await log(a, "first");
    await log(b, "second");
    await log(elsewhere, "third");
    const source = async (run: string) => (await getRun(run)).inputs.dataset_inputs[0].dataset.source;
    expect([await source(a), await source(b), await source(elsewhere)]).toEqual(["first", "first", "third"]);
  });

  test("absent texts are empty; models are linked once", async () => {
    const run_id = await newRun("0");
    const models = [{ model_id: "m-1" }, { model_id: "m-0" }, { model_id: "m-1" }];
    await ok("runs/log-inputs", { run_id, datasets: [{ tags: [] }], models });
    await ok("runs/log-inputs", { run_id, models });
    await ok("runs/log-inputs", { run_id });
    expect((await getRun(run_id)).inputs).toEqual({
      dataset_inputs: [{ dataset: { name: "", digest: "", source_type: "", source: "" } }],
      model_inputs: [{ model_id: "m-0" }, { model_id: "m-1" }],
    });
  });

  test("limits and unknown runs", async () => {
    const run_id = await newRun("0");
    const refuse = (input: object, words: string) =>
      refused("runs/log-inputs", { run_id, datasets: [input] }, 400, INVALID, words);
    await refuse({ dataset: dataset("n".repeat(501)) }, "'name' exceeds the maximum length of 500 characters");
    await refuse({ dataset: dataset("n", { digest: "d".repeat(37) }) }, "'digest' exceeds the maximum length of 36");
    await refuse({ dataset: dataset("n", { source: "s".repeat(65_536) }) }, "'source' exceeds the maximum length");
    await refuse({ dataset: dataset("n", { schema: "s".repeat(1_048_576) }) }, "'schema' exceeds the maximum length");
    await refuse({ dataset: dataset("n", { profile: "p".repeat(2_000_000) }) }, "A value is too long");
    const tag = (key: string, value: string) => ({ dataset: dataset("n"), tags: [{ key, value }] });
    await refuse(tag("k".repeat(256), ""), "'key' exceeds the maximum length of 255 characters");
    await refuse(tag("k", "v".repeat(501)), "'value' exceeds the maximum length of 500 characters");
    const twice = { dataset: dataset("n"), tags: [{ key: "k" }, { key: "k" }] };
    await refused("runs/log-inputs", { run_id, datasets: [twice] }, 400, "BAD_REQUEST", "input tag 'k'");
    await refused("runs/log-inputs", { run_id: "nope" }, 404, MISSING, "Run with id=nope not found");
    await refused("runs/log-inputs", { run_id: "$$" }, 400, INVALID, `Invalid value "$$" for parameter 'run_id'`);
  });

  test("cost one trip and a row for each dataset, link and model", async () => {
    const request = {
      run_id: await newRun("0"),
      datasets: [{ dataset: dataset("cost") }],
      models: [{ model_id: "m" }],
    };
    expect(await spied("runs/log-inputs", request)).toMatchObject({ trips: 1, rowsWritten: 5 });
    expect(await spied("runs/log-inputs", request)).toMatchObject({ trips: 1, rowsWritten: 0 });
  });
});

describe("outputs", () => {
  test("the same again is fine, another step is not and writes nothing", async () => {
    const run_id = await newRun("0");
    const models = [{ model_id: "m-1", step: 2 }, { model_id: "m-0" }];
    await ok("runs/outputs", { run_id, models });
    await ok("runs/outputs", { run_id, models });
    await ok("runs/outputs", { run_id, models: [] });
    const changed = [{ model_id: "m-2" }, { model_id: "m-1", step: 3 }];
    await refused("runs/outputs", { run_id, models: changed }, 400, "BAD_REQUEST", "as an output of another step");
    expect((await getRun(run_id)).outputs).toEqual({
      model_outputs: [
        { model_id: "m-0", step: 0 },
        { model_id: "m-1", step: 2 },
      ],
    });
    await refused("runs/outputs", { run_id }, 400, INVALID, "Missing value for required parameter 'models'.");
    await refused("runs/outputs", { run_id: "nope", models }, 404, MISSING, "Run with id=nope not found");
  });
});

describe("log-model", () => {
  const model = { artifact_path: "m", flavors: { f: { a: 1, config: {} } }, utc_time_created: "t", run_id: "r" };
  const history = async (run: string) => entries((await getRun(run)).data.tags)["mlflow.log-model.history"] ?? "";

  test("appends to the history, however many at once", async () => {
    const run_id = await newRun("0");
    const paths = ["a", "b", "c", "d"];
    await Promise.all(
      paths.map((artifact_path) =>
        ok("runs/log-model", { run_id, model_json: JSON.stringify({ ...model, artifact_path, extra: 1 }) }),
      ),
    );
    const list: Record<string, unknown>[] = JSON.parse(await history(run_id));
    expect(list.map(({ artifact_path }) => artifact_path).sort()).toEqual(paths);
    expect(list[0]).toEqual({
      ...model,
      artifact_path: expect.any(String),
      model_uuid: null,
      flavors: { f: { a: 1 } },
    });
  });

  test.each([
    ["{", "Malformed model info. \n { \n is not a valid JSON."],
    ["[]", "Malformed model info: it must be a JSON object."],
    ["{}", "Model json is missing mandatory fields: {'artifact_path', 'flavors', 'utc_time_created', 'run_id'}"],
    [JSON.stringify({ ...model, flavors: 1 }), "'flavors' must be a JSON object"],
  ])("%s is refused", async (model_json, words) => {
    await refused("runs/log-model", { run_id: "r", model_json }, 400, INVALID, words);
  });

  test("leaves a tag alone that holds something else", async () => {
    const run_id = await newRun("0");
    for (const value of ["text", '{"a":1}']) {
      await ok("runs/set-tag", { run_id, key: "mlflow.log-model.history", value });
      const request = { run_id, model_json: JSON.stringify(model) };
      await refused("runs/log-model", request, 400, INVALID, "holds no JSON list to append to");
      expect(await history(run_id)).toBe(value);
    }
  });
});

describe("search-datasets", () => {
  const search = async (experiment_ids?: string[]): Promise<[number, Json]> => {
    const answer = await SELF.fetch("https://tidemark.test/ajax-api/2.0/mlflow/experiments/search-datasets", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ experiment_ids }),
    });
    return [answer.status, await answer.json()];
  };
  const log = (run_id: string, name: string, context?: string) =>
    ok("runs/log-inputs", {
      run_id,
      datasets: [{ dataset: dataset(name), tags: context ? [{ key: "mlflow.data.context", value: context }] : [] }],
    });

  test("each dataset once for every context that a run linked it with", async () => {
    const [one, other] = [await newExperiment(), await newExperiment()];
    const [a, b] = [await newRun(one), await newRun(one)];
    await log(a, "x", "train");
    await log(b, "x", "train");
    // The run is linked already, so that this context is nobody's.
    await log(a, "x", "ignored");
    await log(b, "w");
    await log(await newRun(one), "x", "eval");
    await log(await newRun(other), "v", "test");
    const summary = (experiment_id: string, name: string, context?: string) => ({
      experiment_id,
      name,
      digest: "d",
      ...(context && { context }),
    });
    const first = [summary(one, "w"), summary(one, "x", "eval"), summary(one, "x", "train")];
    expect(await search([one])).toEqual([200, { dataset_summaries: first }]);
    const [, both] = await search([one, other, one]);
    expect(both.dataset_summaries).toHaveLength(4);
    expect(both.dataset_summaries).toEqual(expect.arrayContaining([...first, summary(other, "v", "test")]));
    expect(await search(["999999"])).toEqual([200, {}]);
  });

  test("one to twenty experiments, by numbers", async () => {
    for (const [ids, words] of [
      [undefined, "at least one experiment_id"],
      [[], "at least one experiment_id"],
      [Array.from({ length: 21 }, () => "0"), "Received 21 experiment_ids"],
      [["abc"], "Invalid experiment ID 'abc'"],
    ] as const) {
      const [status, answer] = await search(ids && [...ids]);
      expect([status, answer.error_code, answer.message]).toEqual([400, INVALID, expect.stringContaining(words)]);
    }
  });
});
