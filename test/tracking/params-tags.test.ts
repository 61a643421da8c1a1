import { describe, expect, test } from "vitest";
import { call, entries, getRun, newRun, ok, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";
const MISSING = "RESOURCE_DOES_NOT_EXIST";

const paramsOf = async (run: string) => entries((await getRun(run)).data.params);
const tagsOf = async (run: string) => entries((await getRun(run)).data.tags);

describe("params", () => {
  test("are kept as sent; the same again is fine, another value is not", async () => {
    const run_id = await newRun("0");
    await ok("runs/log-parameter", { run_id, key: "p", value: "it's" });
    await ok("runs/log-parameter", { run_id, key: "p", value: "it's" });
    await ok("runs/log-parameter", { run_id, key: "empty" });
    await ok("runs/log-parameter", { run_uuid: run_id, key: "odd", value: 'é \u0000 "\\ 🌊' });
    await refused(
      "runs/log-parameter",
      { run_id, key: "p", value: "2" },
      400,
      INVALID,
      `Changing param values is not allowed. Param with key='p' was already logged with value='it's' for run ` +
        `ID='${run_id}'. Attempted logging new value '2'.`,
    );
    expect(await paramsOf(run_id)).toEqual({ p: "it's", empty: "", odd: 'é \u0000 "\\ 🌊' });
  });

  test("a changed one fails its whole batch", async () => {
    const run_id = await newRun("0");
    await ok("runs/log-batch", { run_id, params: [{ key: "p", value: "1" }], tags: [{ key: "t", value: "1" }] });
    await refused(
      "runs/log-batch",
      {
        run_id,
        params: [
          { key: "new", value: "1" },
          { key: "p", value: "2" },
        ],
        tags: [{ key: "t", value: "2" }],
        metrics: [{ key: "m", value: 1, timestamp: 1 }],
      },
      400,
      INVALID,
      "Changing param values is not allowed. Params were already logged=" +
        `'[{'key': 'p', 'old_value': '1', 'new_value': '2'}]' for run ID='${run_id}'.`,
    );
    const { data } = await getRun(run_id);
    expect(entries(data.params)).toEqual({ p: "1" });
    expect(entries(data.tags)).toMatchObject({ t: "1" });
    expect(data).not.toHaveProperty("metrics");
  });

  test("of many writers at once one wins, and all the others hear its value", async () => {
    const run_id = await newRun("0");
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => call("runs/log-parameter", { run_id, key: "p", value: String(i) })),
    );
    const { p } = await paramsOf(run_id);
    expect(answers.filter(([status]) => status === 200)).toHaveLength(1);
    expect(answers.findIndex(([status]) => status === 200)).toBe(Number(p));
    for (const [status, { message }] of answers.filter(([s]) => s !== 200)) {
      expect([status, message]).toEqual([400, expect.stringContaining(`already logged with value='${p}'`)]);
    }
  });

  test("long values are cut, long and bad keys refused", async () => {
    const run_id = await newRun("0");
    await ok("runs/log-parameter", { run_id, key: "long", value: "🌊".repeat(6001) });
    await ok("runs/log-parameter", { run_id, key: "long", value: "🌊".repeat(6002) });
    expect((await paramsOf(run_id)).long).toBe("🌊".repeat(6000));
    const refuse = (request: object, words: string) =>
      refused("runs/log-parameter", { run_id, value: "1", ...request }, 400, INVALID, words);
    await refuse({ key: "k".repeat(251) }, "'Param key' exceeds the maximum length of 250 characters");
    await refuse({ key: "a#b" }, `Invalid value "a#b" for parameter 'key' supplied: Names may only contain`);
    await refuse({ key: "a/../b" }, "This name would resolve to 'b'");
    await refuse({}, "Missing value for required parameter 'key'.");
    await refuse({ key: "n", value: 5 }, "Invalid value 5 for parameter 'value' supplied");
    await refused(
      "runs/log-batch",
      { run_id, params: [{ key: "ok", value: "1" }, { key: "bad$" }] },
      400,
      INVALID,
      `Invalid value "bad$" for parameter 'params[1].key' supplied`,
    );
  });

  test("of unknown runs are refused", async () => {
    const request = { run_id: "nope", key: "p", value: "1" };
    await refused("runs/log-parameter", request, 404, MISSING, "Run with id=nope not found");
  });

  test("cost one trip and two rows each, and nothing where nothing changes", async () => {
    const run_id = await newRun("0");
    const request = { run_id, key: "p", value: "1" };
    expect(await spied("runs/log-parameter", request)).toMatchObject({ trips: 1, rowsWritten: 2 });
    expect(await spied("runs/log-parameter", request)).toMatchObject({ trips: 1, rowsWritten: 0 });
    const params = Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: "1" }));
    const tags = params.map(({ key }) => ({ key, value: "t" }));
    expect(await spied("runs/log-batch", { run_id, params, tags })).toMatchObject({ trips: 1, rowsWritten: 400 });
  });
});

describe("tags", () => {
  test("are set, changed and deleted", async () => {
    const run_id = await newRun("0", { run_name: "n" });
    await ok("runs/set-tag", { run_id, key: "k", value: "1" });
    await ok("runs/set-tag", { run_id, key: "k", value: "2" });
    await ok("runs/set-tag", { run_id, key: "empty" });
    expect(await tagsOf(run_id)).toEqual({ k: "2", empty: "", "mlflow.runName": "n" });
    await ok("runs/delete-tag", { run_id, key: "k" });
    await refused(
      "runs/delete-tag",
      { run_id, key: "k" },
      404,
      MISSING,
      `No tag with name: k in run with id ${run_id}`,
    );
    await refused("runs/delete-tag", { run_id: "nope", key: "k" }, 404, MISSING, "Run with id=nope not found");
    expect(await tagsOf(run_id)).toEqual({ empty: "", "mlflow.runName": "n" });
  });

  test("the name of a run is one, unless empty; deleting it leaves the run its name", async () => {
    const run_id = await newRun("0", { run_name: "n" });
    const key = "mlflow.runName";
    const name = async () => (await getRun(run_id)).info.run_name;
    await ok("runs/set-tag", { run_id, key, value: "renamed" });
    await ok("runs/set-tag", { run_id, key, value: "" });
    expect([await name(), await tagsOf(run_id)]).toEqual(["renamed", { [key]: "renamed" }]);
    await ok("runs/log-batch", { run_id, tags: [{ key, value: "a" }, { key, value: "b" }, { key }] });
    expect([await name(), await tagsOf(run_id)]).toEqual(["b", { [key]: "b" }]);
    await ok("runs/delete-tag", { run_id, key });
    expect(await name()).toBe("b");
  });

  test("the last of one key in a batch wins", async () => {
    const run_id = await newRun("0", { run_name: "n" });
    const tags = ["1", "2", "3"].map((value) => ({ key: "k", value }));
    await ok("runs/log-batch", { run_id, tags });
    expect((await tagsOf(run_id)).k).toBe("3");
  });

  test("long values are cut, long and bad keys refused", async () => {
    const run_id = await newRun("0");
    await ok("runs/set-tag", { run_id, key: "long", value: "v".repeat(8001) });
    expect((await tagsOf(run_id)).long).toHaveLength(8000);
    const key = "k".repeat(251);
    await refused("runs/set-tag", { run_id, key }, 400, INVALID, "'key' exceeds the maximum length of 250 characters");
    await refused(
      "runs/log-batch",
      { run_id, tags: [{ key }] },
      400,
      INVALID,
      "'tags[0].key' exceeds the maximum length of 250 characters",
    );
    await refused("runs/set-tag", { run_id, key: "../x" }, 400, INVALID, "This name would resolve to '../x'");
    await refused("runs/set-tag", { run_id: "nope", key: "k" }, 404, MISSING, "Run with id=nope not found");
  });

  test("cost one trip and two rows each, and nothing where nothing changes", async () => {
    const request = { run_id: await newRun("0"), key: "k", value: "1" };
    expect(await spied("runs/set-tag", request)).toMatchObject({ trips: 1, rowsWritten: 2 });
    expect(await spied("runs/set-tag", request)).toMatchObject({ trips: 1, rowsWritten: 0 });
  });
});
