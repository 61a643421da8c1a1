import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, entries, getRun, type Json, newExperiment, newRun, ok, refused, spied, uniqueName } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";
const MISSING = "RESOURCE_DOES_NOT_EXIST";

describe("create and get", () => {
  test("the default experiment is there from the start", async () => {
    const { experiment } = await ok("experiments/get?experiment_id=0");
    expect(experiment).toMatchObject({
      experiment_id: "0",
      name: "Default",
      artifact_location: "mlflow-artifacts:/0",
      lifecycle_stage: "active",
      workspace: "default",
    });
    expect(experiment).not.toHaveProperty("tags");
    await refused(
      "experiments/create",
      { name: "Default" },
      400,
      "RESOURCE_ALREADY_EXISTS",
      "Experiment(name=Default)",
    );
  });

  test("an experiment is found by id and by name, with its tags", async () => {
    const name = uniqueName();
    const before = Date.now();
    const id = await newExperiment({ name, tags: [{ key: "z", value: "1" }, { key: "a" }] });
    const { experiment } = await ok(`experiments/get?experiment_id=${id}`);
    expect(experiment).toEqual({
      experiment_id: id,
      name,
      artifact_location: `mlflow-artifacts:/${id}`,
      lifecycle_stage: "active",
      creation_time: experiment.last_update_time,
      last_update_time: expect.any(Number),
      tags: [
        { key: "a", value: "" },
        { key: "z", value: "1" },
      ],
      workspace: "default",
    });
    expect(experiment.creation_time).toBeGreaterThanOrEqual(before);
    expect(await ok(`experiments/get-by-name?experiment_name=${name}`)).toEqual({ experiment });
    expect(await ok(`experiments/get?experiment_id=00${id}`)).toEqual({ experiment });
  });

  test("ids that name nothing say so", async () => {
    await refused(
      "experiments/get?experiment_id=999999",
      undefined,
      404,
      MISSING,
      "No Experiment with id=999999 exists",
    );
    await refused("experiments/get?experiment_id=-1", undefined, 404, MISSING, "No Experiment with id=-1 exists");
    const huge = "99999999999999999999";
    await refused(`experiments/get?experiment_id=${huge}`, undefined, 404, MISSING, `id=${huge} exists`);
    await refused(
      "experiments/get?experiment_id=abc",
      undefined,
      400,
      INVALID,
      "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    );
    await refused(
      "experiments/get-by-name?experiment_name=nope",
      undefined,
      404,
      MISSING,
      "Could not find experiment with name 'nope'",
    );
  });

  test.each<[string, Json, string]>([
    ["no name", { name: "" }, "Missing value for required parameter 'name'."],
    ["a long name", { name: "x".repeat(501) }, "'name' exceeds the maximum length of 500 characters"],
    ["a bad tag", { tags: [{ key: "a/../b", value: "1" }] }, "This name would resolve to 'b'"],
    ["an empty tag", { tags: [{ value: "1" }] }, `Invalid value "" for parameter 'key' supplied`],
    ["a long key", { tags: [{ key: "k".repeat(251) }] }, "'key' exceeds the maximum length of 250 characters"],
    [
      "a long value",
      { tags: [{ key: "k", value: "v".repeat(20_001) }] },
      "'value' exceeds the maximum length of 20000",
    ],
    ["a fragment", { artifact_location: "s3://b/p#f" }, "'artifact_location' URL can't include fragments or params."],
    ["a traversal", { artifact_location: "s3://b?x=%252e%252e" }, "Invalid query string"],
    ["a run", { artifact_location: "runs:/x" }, "Artifact location cannot be a runs:/ URI. Given: 'runs:/x'"],
    ["a host", { artifact_location: "HTTP://x" }, "'artifact_location' cannot use the 'http' scheme"],
    ["another server", { artifact_location: "mlflow-artifacts://h/x" }, "cannot use the 'mlflow-artifacts' scheme"],
    ["a long location", { artifact_location: `s3://${"b".repeat(2048)}` }, "Invalid artifact path length."],
    [
      "a retention that is none",
      { tags: [{ key: "mlflow.trace.archivalRetention", value: "30d" }] },
      "Trace archival config must be encoded as a JSON object.",
    ],
    [
      "too many saved views",
      { tags: Array.from({ length: 51 }, (_, i) => ({ key: `mlflow.customView.view${i}`, value: "" })) },
      "the maximum number of custom views per experiment is 50",
    ],
  ])("%s is refused", async (_, fields, words) => {
    await refused("experiments/create", { name: uniqueName(), ...fields }, 400, INVALID, words);
  });

  test.each([
    ["mlflow-artifacts:/elsewhere", "mlflow-artifacts:/elsewhere/RUN/artifacts"],
    ["s3://bucket?x=1", "s3://bucket/RUN/artifacts?x=1"],
    ["s3://bucket/p/", "s3://bucket/p/RUN/artifacts"],
    ["/srv/mlflow", "/srv/mlflow/RUN/artifacts"],
  ])("runs of an experiment at %s are below it", async (location, expected) => {
    const run = await newRun(await newExperiment({ artifact_location: location }));
    expect((await getRun(run)).info.artifact_uri).toBe(expected.replace("RUN", run));
  });

  test("a name is taken once, however many ask for it at once, and no id is lost", async () => {
    const name = uniqueName();
    const answers = await Promise.all(Array.from({ length: 8 }, () => call("experiments/create", { name })));
    const won = answers.filter(([status]) => status === 200);
    expect(won).toHaveLength(1);
    for (const [status, { error_code, message }] of answers.filter(([s]) => s !== 200)) {
      expect([status, error_code]).toEqual([400, "RESOURCE_ALREADY_EXISTS"]);
      expect(message).toContain(`Experiment(name=${name}) already exists.`);
    }
    const ids = await Promise.all(Array.from({ length: 8 }, () => newExperiment()));
    const first = Number(won[0]?.[1].experiment_id);
    expect(ids.map(Number).sort((a, b) => a - b)).toEqual(ids.map((_, i) => first + 1 + i));
  });

  test("a repeated tag creates nothing", async () => {
    const name = uniqueName();
    const tags = [{ key: "k", value: "1" }, { key: "k" }];
    await refused("experiments/create", { name, tags }, 400, "RESOURCE_ALREADY_EXISTS", "the tag 'k' is given more");
    await newExperiment({ name });
  });

  test("costs one trip and few rows", async () => {
    const { trips, rowsWritten } = await spied("experiments/create", { name: uniqueName() });
    // The counter, the row and its entry in the index of names.
    expect({ trips, rowsWritten }).toEqual({ trips: 1, rowsWritten: 4 });
  });
});

describe("update, delete, restore", () => {
  test("renames", async () => {
    const id = await newExperiment();
    const name = uniqueName();
    expect(await ok("experiments/update", { experiment_id: id, new_name: name })).toEqual({});
    await ok("experiments/update", { experiment_id: id, new_name: name });
    expect((await ok(`experiments/get-by-name?experiment_name=${name}`)).experiment.experiment_id).toBe(id);
  });

  test("refuses a name taken, and anything for an experiment that is not active", async () => {
    const id = await newExperiment();
    await refused(
      "experiments/update",
      { experiment_id: id, new_name: "Default" },
      400,
      "BAD_REQUEST",
      "already exists",
    );
    await refused("experiments/update", { experiment_id: "999999", new_name: "x" }, 404, MISSING, "id=999999 exists");
    await refused("experiments/update", { experiment_id: id }, 400, INVALID, "required parameter 'new_name'");
    await ok("experiments/delete", { experiment_id: id });
    await refused(
      "experiments/update",
      { experiment_id: id, new_name: "x" },
      400,
      "INVALID_STATE",
      "Cannot rename a non-active experiment.",
    );
    const inactive = `The experiment ${id} must be in the 'active' state. Current state is deleted.`;
    await refused("experiments/set-experiment-tag", { experiment_id: id, key: "k" }, 400, INVALID, inactive);
    await refused("experiments/delete-experiment-tag", { experiment_id: id, key: "k" }, 400, INVALID, inactive);
    await refused("runs/create", { experiment_id: id }, 400, INVALID, inactive);
    await refused("experiments/delete", { experiment_id: id }, 404, MISSING, `No Experiment with id=${id} exists`);
  });

  test("its runs go and come back with it, also those deleted on their own", async () => {
    const id = await newExperiment();
    const [kept, dropped] = [await newRun(id), await newRun(id)];
    const other = await newRun(await newExperiment());
    await ok("runs/delete", { run_id: dropped });
    await ok("experiments/delete", { experiment_id: id });
    const stage = async (run: string) => (await getRun(run)).info.lifecycle_stage;
    expect([await stage(kept), await stage(dropped), await stage(other)]).toEqual(["deleted", "deleted", "active"]);
    expect((await ok(`experiments/get?experiment_id=${id}`)).experiment.lifecycle_stage).toBe("deleted");
    const times = await env.DB.prepare("SELECT deleted_time FROM runs WHERE experiment_id = ?").bind(id).all();
    expect(times.results.every((row) => Number(row.deleted_time) > 0)).toBe(true);

    await ok("experiments/restore", { experiment_id: id });
    expect([await stage(kept), await stage(dropped)]).toEqual(["active", "active"]);
    await refused("experiments/restore", { experiment_id: id }, 404, MISSING, `No Experiment with id=${id} exists`);
    const cleared = await env.DB.prepare("SELECT deleted_time FROM runs WHERE experiment_id = ?").bind(id).all();
    expect(cleared.results.every((row) => row.deleted_time === null)).toBe(true);
  });

  test("metrics logged just before a delete are there afterwards", async () => {
    const id = await newExperiment();
    const run = await newRun(id);
    await ok("runs/log-metric", { run_id: run, key: "m", value: 1.5, timestamp: 1 });
    await ok("experiments/delete", { experiment_id: id });
    const row = await env.DB.prepare("SELECT hot FROM runs WHERE run_id = ?").bind(run).first();
    expect(row).toEqual({ hot: 0 });
    expect((await getRun(run)).data.metrics).toEqual([{ key: "m", value: 1.5, timestamp: 1, step: 0 }]);
  });
});

describe("tags", () => {
  test("are set, changed and deleted", async () => {
    const id = await newExperiment();
    const tags = async () => entries((await ok(`experiments/get?experiment_id=${id}`)).experiment.tags);
    await ok("experiments/set-experiment-tag", { experiment_id: id, key: "k", value: "1" });
    await ok("experiments/set-experiment-tag", { experiment_id: id, key: "k", value: "2" });
    await ok("experiments/set-experiment-tag", { experiment_id: id, key: "empty" });
    expect(await tags()).toEqual({ k: "2", empty: "" });
    await ok("experiments/delete-experiment-tag", { experiment_id: id, key: "k" });
    expect(await tags()).toEqual({ empty: "" });
    await refused(
      "experiments/delete-experiment-tag",
      { experiment_id: id, key: "k" },
      404,
      MISSING,
      `No tag with name: k in experiment with id ${id}`,
    );
    await refused("experiments/set-experiment-tag", { experiment_id: "999999", key: "k" }, 404, MISSING, "id=999999");
    await refused(
      "experiments/set-experiment-tag",
      { experiment_id: id, key: "k$" },
      400,
      INVALID,
      `Invalid value "k$" for parameter 'key' supplied: Names may only contain`,
    );
  });

  test("saved views are bounded, but can still be changed", async () => {
    const views = Array.from({ length: 50 }, (_, i) => ({ key: `mlflow.customView.view-${i}`, value: "{}" }));
    const id = await newExperiment({ tags: views });
    await ok("experiments/set-experiment-tag", { experiment_id: id, key: views[0]?.key, value: "new" });
    await refused(
      "experiments/set-experiment-tag",
      { experiment_id: id, key: "mlflow.customView.view-new", value: "{}" },
      400,
      INVALID,
      `Unable to create another custom view for experiment ${id}; the maximum number`,
    );
  });

  test.each([
    ["mlflow.trace.archivalRetention", '{"type":"duration","value":"30d"}', ""],
    ["mlflow.trace.archivalRetention", '{"value":"30d"}', "Trace archival config must use type 'duration'."],
    ["mlflow.trace.archivalRetention", '{"type":"duration","value":"0d"}', "must be in the form `<int><unit>`"],
    ["mlflow.trace.archiveNow", "{}", ""],
    ["mlflow.trace.archiveNow", "[]", "must be encoded as a JSON object"],
    ["mlflow.trace.archiveNow", `{"older_than":"${"1".repeat(33)}d"}`, "must be at most 32 characters"],
  ])("%s takes %s or says why not: %s", async (key, value, words) => {
    const request = { experiment_id: "0", key, value };
    if (words === "") await ok("experiments/set-experiment-tag", request);
    else await refused("experiments/set-experiment-tag", request, 400, INVALID, words);
  });

  test("setting one costs one trip and one row, the same again none", async () => {
    const id = await newExperiment();
    const request = { experiment_id: id, key: "k", value: "1" };
    expect(await spied("experiments/set-experiment-tag", request)).toMatchObject({ trips: 1, rowsWritten: 1 });
    expect(await spied("experiments/set-experiment-tag", request)).toMatchObject({ trips: 1, rowsWritten: 0 });
  });
});
