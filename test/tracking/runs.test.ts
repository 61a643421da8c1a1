import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { randomRunName } from "../../src/tracking/run-names";
import { entries, getRun, type Json, newExperiment, newRun, ok, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";
const MISSING = "RESOURCE_DOES_NOT_EXIST";

const inactive = (run: string) => `The run ${run} must be in the 'active' state. Current state is deleted.`;

describe("create", () => {
  test("gives back the run, and get the same with outputs", async () => {
    const tags = [
      { key: "zz", value: "1" },
      { key: "b", value: "2" },
    ];
    const { run } = await ok("runs/create", { experiment_id: "0", user_id: "u", start_time: 5, run_name: "n", tags });
    const id = run.info.run_id;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(run).toEqual({
      info: {
        run_uuid: id,
        run_id: id,
        experiment_id: "0",
        run_name: "n",
        user_id: "u",
        status: "RUNNING",
        start_time: 5,
        artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
        lifecycle_stage: "active",
      },
      data: { tags: [...tags, { key: "mlflow.runName", value: "n" }] },
      inputs: {},
    });
    const found = await getRun(id);
    expect(found).toMatchObject({ info: run.info, inputs: {}, outputs: {} });
    expect(entries(found.data.tags)).toEqual({ b: "2", "mlflow.runName": "n", zz: "1" });
    expect((await ok(`runs/get?run_uuid=${id}`)).run).toEqual(found);
  });

  test("without more than an experiment", async () => {
    const { info, data } = (await ok("runs/create", { experiment_id: "0" })).run;
    expect(info).toMatchObject({ user_id: "", start_time: 0 });
    expect(info.run_name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    expect(data.tags).toEqual([{ key: "mlflow.runName", value: info.run_name }]);
  });

  test("the name may come as a tag", async () => {
    const tags = [{ key: "mlflow.runName", value: "tagged" }];
    expect((await ok("runs/create", { experiment_id: "0", tags })).run.info.run_name).toBe("tagged");
    await ok("runs/create", { experiment_id: "0", run_name: "tagged", tags });
    await refused(
      "runs/create",
      { experiment_id: "0", run_name: "a", tags },
      400,
      INVALID,
      "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='a', " +
        "mlflow.runName='tagged').",
    );
  });

  test("takes any tags, but each once", async () => {
    const id = await newRun("0", { tags: [{ key: "bad$", value: "v".repeat(9000) }, { value: "x" }] });
    expect(entries((await getRun(id)).data.tags)).toMatchObject({ bad$: "v".repeat(9000), "": "x" });
    const tags = [{ key: "k" }, { key: "k" }];
    await refused(
      "runs/create",
      { experiment_id: "0", tags },
      400,
      "BAD_REQUEST",
      "The tag 'k' is given more than once",
    );
  });

  test("names experiments that are not there", async () => {
    await refused("runs/create", {}, 400, "BAD_REQUEST", "required parameter 'experiment_id'");
    await refused("runs/create", { experiment_id: "999999" }, 404, MISSING, "No Experiment with id=999999 exists");
    await refused("runs/create", { experiment_id: "abc" }, 400, INVALID, "Invalid experiment ID 'abc'.");
  });

  test("costs one trip, three rows and two a tag", async () => {
    const { trips, rowsWritten } = await spied("runs/create", { experiment_id: "0", tags: [{ key: "k" }] });
    expect({ trips, rowsWritten }).toEqual({ trips: 1, rowsWritten: 7 });
  });

  test("random names are short and many", () => {
    const names = Array.from({ length: 2000 }, randomRunName);
    expect(names.every((name) => /^[a-z]+-[a-z]+-\d{1,4}$/.test(name) && name.length <= 20)).toBe(true);
    expect(new Set(names).size).toBeGreaterThan(1990);
  });
});

describe("get", () => {
  test("names runs that are not there", async () => {
    await refused("runs/get?run_id=nope", undefined, 404, MISSING, "Run with id=nope not found");
    await refused("runs/get?x=1", undefined, 400, INVALID, "Missing value for required parameter 'run_id'.");
  });

  test("shows metrics that only the run's log has yet, over those in the database", async () => {
    const id = await newRun("0");
    const metric = (key: string, value: unknown, step: number) => ({ key, value, step, timestamp: 7 });
    await ok("runs/log-batch", { run_id: id, metrics: [metric("a", 1, 0), metric("nan", "NaN", 0)] });
    await ok("runs/update", { run_id: id, status: "FINISHED" });
    await ok("runs/log-batch", { run_id: id, metrics: [metric("a", 2, 1), metric("b", "-Infinity", 0)] });
    expect((await getRun(id)).data.metrics).toEqual([
      metric("a", 2, 1),
      metric("b", -Number.MAX_VALUE, 0),
      metric("nan", "NaN", 0),
    ]);
  });

  test("costs one trip", async () => {
    expect(await spied(`runs/get?run_id=${await newRun("0")}`)).toMatchObject({ trips: 1, rowsWritten: 0 });
  });
});

describe("update", () => {
  test("changes what is given", async () => {
    const id = await newRun("0", { run_name: "before" });
    const { run_info } = await ok("runs/update", { run_id: id, status: "FAILED", end_time: 9 });
    expect(run_info).toMatchObject({ run_id: id, run_uuid: id, status: "FAILED", end_time: 9, run_name: "before" });
    expect((await ok("runs/update", { run_id: id })).run_info).toEqual(run_info);
    expect((await ok("runs/update", { run_id: id, run_name: "" })).run_info).toEqual(run_info);
    expect((await ok("runs/update", { run_id: id, status: "BOGUS" })).run_info).toEqual(run_info);
    expect((await ok("runs/update", { run_uuid: id, run_name: "after" })).run_info.run_name).toBe("after");
    expect(entries((await getRun(id)).data.tags)).toEqual({ "mlflow.runName": "after" });
    expect((await ok("runs/update", { run_id: id, status: 1 })).run_info).toMatchObject({ status: "RUNNING" });
  });

  test("refuses runs that are unknown or deleted", async () => {
    await refused("runs/update", { run_id: "nope" }, 404, MISSING, "Run with id=nope not found");
    const id = await newRun("0", { run_name: "n" });
    await ok("runs/delete", { run_id: id });
    await refused("runs/update", { run_id: id, run_name: "other" }, 400, INVALID, inactive(id));
    const { info, data } = await getRun(id);
    expect([info.run_name, entries(data.tags)]).toEqual(["n", { "mlflow.runName": "n" }]);
  });

  test("the end of a run publishes its metrics", async () => {
    const id = await newRun("0");
    await ok("runs/log-metric", { run_id: id, key: "m", value: 1, timestamp: 1 });
    const hot = async () => (await env.DB.prepare("SELECT hot FROM runs WHERE run_id = ?").bind(id).first())?.hot;
    expect(await hot()).toBe(1);
    await ok("runs/update", { run_id: id, status: "FINISHED" });
    expect(await hot()).toBe(0);
  });

  test("of status and end costs one trip and two rows", async () => {
    const request = { run_id: await newRun("0"), status: "FINISHED", end_time: 1 };
    expect(await spied("runs/update", request)).toMatchObject({ trips: 1, rowsWritten: 2 });
  });
});

describe("delete and restore", () => {
  test("may be repeated", async () => {
    const id = await newRun(await newExperiment());
    const row = () =>
      env.DB.prepare("SELECT lifecycle_stage, deleted_time FROM runs WHERE run_id = ?").bind(id).first();
    await ok("runs/delete", { run_id: id });
    const deleted = await row();
    expect(deleted).toEqual({ lifecycle_stage: "deleted", deleted_time: expect.any(Number) });
    await ok("runs/delete", { run_id: id });
    expect(await row()).toEqual(deleted);
    await ok("runs/restore", { run_id: id });
    await ok("runs/restore", { run_id: id });
    expect(await row()).toEqual({ lifecycle_stage: "active", deleted_time: null });
    for (const call of ["runs/delete", "runs/restore"]) {
      await refused(call, { run_id: "nope" }, 404, MISSING, "Run with id=nope not found");
    }
  });

  test("any write to a deleted run is refused and changes nothing", async () => {
    const id = await newRun("0", { run_name: "n" });
    await ok("runs/log-parameter", { run_id: id, key: "p", value: "1" });
    await ok("runs/delete", { run_id: id });
    const before = await getRun(id);
    const writes: [string, Json][] = [
      ["runs/log-parameter", { key: "p", value: "2" }],
      ["runs/log-parameter", { key: "new", value: "2" }],
      ["runs/set-tag", { key: "mlflow.runName", value: "x" }],
      ["runs/delete-tag", { key: "mlflow.runName" }],
      ["runs/log-inputs", { datasets: [{ dataset: { name: "d" } }], models: [{ model_id: "m" }] }],
      ["runs/outputs", { models: [{ model_id: "m" }] }],
      ["runs/log-batch", { params: [{ key: "x", value: "1" }], tags: [{ key: "t", value: "1" }] }],
    ];
    for (const [path, body] of writes) await refused(path, { run_id: id, ...body }, 400, INVALID, inactive(id));
    expect(await getRun(id)).toEqual(before);
  });
});
