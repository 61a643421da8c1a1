/** Policies: the rules, and what a client hears of them. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { isFor, type Policy } from "../../src/policies/rules";
import { call, did } from "../monitors/helpers";
import { entries, getRun, type Json, newExperiment, newRun, ok, refused, uniqueName } from "../tracking/helpers";

afterEach(async () => {
  for (const { policy_id } of (await did("GET", "/policies")).policies) await did("DELETE", `/policies/${policy_id}`);
});

const policy = (rules: Json, fields: Json = {}) =>
  did("POST", "/policies", { name: "standards", mode: "reject", rules, ...fields });

const BAD = "INVALID_PARAMETER_VALUE";

describe("a policy", () => {
  it("is made, changed and removed", async () => {
    const made = await policy({ max_param_length: 10 });
    expect(made).toMatchObject({ mode: "reject", enabled: true, experiments: "*", rules: { max_param_length: 10 } });
    const path = `/policies/${made.policy_id}`;
    expect(await did("PATCH", path, { mode: "warn" })).toMatchObject({ mode: "warn", rules: { max_param_length: 10 } });
    expect((await did("GET", path)).mode).toBe("warn");
    await did("DELETE", path);
    expect((await call("GET", path))[0]).toBe(404);
    expect((await call("POST", "/policies", { name: "x", rules: { run_name: { pattern: "(" } } }))[0]).toBe(400);
  });

  it("is for experiments of a name", () => {
    const of = (experiments: string) => ({ experiments }) as Policy;
    expect(isFor(of("*"), "anything")).toBe(true);
    expect(isFor(of("team-*"), "team-a")).toBe(true);
    expect(isFor(of("team-*"), "a-team-a")).toBe(false);
    expect(isFor(of("a.b"), "axb")).toBe(false);
  });
});

describe("who sets them", () => {
  const token = "administrator-of-this-test";
  const set = async (settings: Json, given?: string): Promise<[number, Json]> => {
    const answer = await createApp().fetch(
      new Request("http://x/api/2.0/tidemark/policies", {
        method: "POST",
        headers: given === undefined ? {} : { Authorization: `Bearer ${given}` },
        body: JSON.stringify({ name: "x", rules: { no_default_experiment: false } }),
      }),
      { ...env, TIDEMARK_POLICIES: undefined, ...settings },
      createExecutionContext(),
    );
    return [answer.status, await answer.json<Json>()];
  };

  it("is the administrator, where there is one", async () => {
    const settings = { TIDEMARK_ADMIN_TOKEN: token };
    expect(await set(settings)).toMatchObject([401, { message: expect.stringContaining("TIDEMARK_ADMIN_TOKEN") }]);
    expect((await set(settings, "somebody"))[0]).toBe(401);
    expect((await set(settings, token))[0]).toBe(200);
    expect((await set({ ...settings, TIDEMARK_POLICIES: "administrator" }))[0]).toBe(401);
  });

  it("is nobody where there is none, and the message names the setting", async () => {
    expect(await set({})).toMatchObject([403, { message: expect.stringContaining("TIDEMARK_ADMIN_TOKEN") }]);
    expect((await set({ TIDEMARK_POLICIES: "administrator" }, ""))[0]).toBe(403);
  });

  it("is everybody where the server says so", async () => {
    expect((await set({ TIDEMARK_POLICIES: "open" }))[0]).toBe(200);
    expect((await set({ TIDEMARK_POLICIES: "open", TIDEMARK_ADMIN_TOKEN: token }))[0]).toBe(200);
  });
});

describe("mode reject", () => {
  it("refuses names that don't fit, and says what would", async () => {
    await policy({
      experiment_name: { pattern: "[a-z]+-[a-z]+-v\\d+", example: "fraud-scoring-v2" },
      run_name: { pattern: "[a-z]+-\\d{8}-\\d{6}" },
    });
    await refused("experiments/create", { name: "Test" }, 400, BAD, "Use a name such as 'fraud-scoring-v2'");
    const name = `a-${uniqueName().replace(/[^a-z]/g, "")}-v1`;
    const experiment_id = (await ok("experiments/create", { name })).experiment_id;
    await refused("experiments/update", { experiment_id, new_name: "X" }, 400, BAD, "does not match the pattern");
    await refused("runs/create", { experiment_id, run_name: "x" }, 400, BAD, "Run name 'x' does not match");
    const run_id = await newRun(experiment_id, { run_name: "ana-20261121-090000" });
    await refused("runs/update", { run_id, run_name: "x" }, 400, BAD, "Run name 'x'");
    await refused("runs/set-tag", { run_id, key: "mlflow.runName", value: "x" }, 400, BAD, "Run name 'x'");
  });

  it("asks for tags and their values", async () => {
    const experiment_id = await newExperiment();
    await policy({ required_tags: { env: ["training", "production"] } });
    await refused("runs/create", { experiment_id }, 400, BAD, 'mlflow.start_run(tags={"env": "training"})');
    await refused("runs/create", { experiment_id, tags: [{ key: "env", value: "x" }] }, 400, BAD, "not 'x'");
    const run_id = await newRun(experiment_id, { tags: [{ key: "env", value: "training" }] });
    await refused("runs/set-tag", { run_id, key: "env", value: "x" }, 400, BAD, "Tag 'env' must be one of");
    await ok("runs/set-tag", { run_id, key: "env", value: "production" });
  });

  it("refuses runs of the default experiment and long params", async () => {
    await policy({ no_default_experiment: true, max_param_length: 5 });
    await refused("runs/create", { experiment_id: "0" }, 400, BAD, "mlflow.set_experiment");
    const run_id = await newRun(await newExperiment());
    await refused("runs/log-parameter", { run_id, key: "p", value: "123456" }, 400, BAD, "mlflow.log_dict");
    const params = [{ key: "p", value: "123456" }];
    await refused("runs/log-batch", { run_id, params }, 400, BAD, "at most 5 are allowed");
    await ok("runs/log-parameter", { run_id, key: "p", value: "12345" });
  });

  it("is only for the experiments it names", async () => {
    const name = uniqueName();
    const experiment_id = (await ok("experiments/create", { name })).experiment_id;
    await policy({ max_param_length: 1, run_name: { pattern: "x" } }, { experiments: "elsewhere-*" });
    const run_id = await newRun(experiment_id);
    await ok("runs/log-parameter", { run_id, key: "p", value: "12" });
    await policy({ max_param_length: 1 }, { experiments: `${name}*` });
    await refused("runs/log-parameter", { run_id, key: "q", value: "12" }, 400, BAD, "Refused by policy 'standards'");
  });
});

describe("mode warn", () => {
  it("tags what breaks a rule, and lists it", async () => {
    const rules = { max_param_length: 1, required_tags: { env: [] }, experiment_name: { pattern: "x" } };
    await policy(rules, { mode: "warn" });
    const experiment = await newExperiment();
    const run_id = await newRun(experiment);
    await ok("runs/log-parameter", { run_id, key: "p", value: "12" });
    const tags = entries((await getRun(run_id)).data.tags);
    expect(tags["tidemark.policy.required_tags"]).toContain("needs the tag 'env'");
    expect(tags["tidemark.policy.max_param_length"]).toContain("Param 'p'");
    const { violations } = await did("GET", `/policies/violations?experiment_id=${experiment}`);
    expect(violations.map((found: Json) => `${found.rule} ${found.run_id ?? ""}`).sort()).toEqual(
      ["experiment_name ", `max_param_length ${run_id}`, `required_tags ${run_id}`].sort(),
    );
  });
});
