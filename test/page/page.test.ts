/** Home, keys, values and views. */
import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { directionOf } from "../../src/page/direction";
import { type Json, newExperiment, newRun, ok, uniqueName } from "../tracking/helpers";

const TIDEMARK = "http://x/api/2.0/tidemark";

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
  const answer = await SELF.fetch(TIDEMARK + path, { method, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json<Json>() };
}

const get = async (path: string): Promise<Json> => {
  const { status, body } = await call("GET", path);
  expect(body, path).not.toHaveProperty("error_code");
  expect(status).toBe(200);
  return body;
};

const metric = (key: string, value: number, step = 0) => ({ key, value, timestamp: Date.now(), step });
const finish = (run_id: string) => ok("runs/update", { run_id, status: "FINISHED", end_time: Date.now() });

describe("keys", () => {
  it("are counted by kind, with their values", async () => {
    const experiment = await newExperiment();
    for (let i = 0; i < 5; i++) {
      const run_id = await newRun(experiment, { start_time: i });
      const params = [{ key: "lr", value: `${i % 2}` }, ...(i < 2 ? [{ key: "layers", value: "3" }] : [])];
      await ok("runs/log-batch", {
        run_id,
        metrics: [metric("val/auc", i)],
        params,
        tags: [{ key: "env", value: "a" }],
      });
      await finish(run_id);
    }
    const keys = await get(`/experiments/${experiment}/keys`);
    expect(keys).toEqual({
      metrics: [{ key: "val/auc", runs: 5 }],
      params: [
        { key: "layers", runs: 2, values: 1 },
        { key: "lr", runs: 5, values: 2 },
      ],
      tags: [
        { key: "env", runs: 5, values: 1 },
        { key: "mlflow.runName", runs: 5, values: 5 },
      ],
      truncated: false,
    });
    expect(await get(`/experiments/${experiment}/keys?kind=param&prefix=la`)).toEqual({
      params: [{ key: "layers", runs: 2, values: 1 }],
      truncated: false,
    });
    expect(await get(`/experiments/${experiment}/keys?kind=param&limit=1`)).toMatchObject({ truncated: true });
    expect(await get(`/experiments/${experiment}/values?kind=param&key=lr`)).toEqual({
      values: [
        { value: "0", runs: 3 },
        { value: "1", runs: 2 },
      ],
      more: false,
    });
    expect((await get(`/experiments/${experiment}/values?kind=param&key=lr&prefix=1`)).values).toHaveLength(1);
    expect((await call("GET", `/experiments/${experiment}/keys?kind=dataset`)).body.message).toContain("'kind.0'");
  });

  it("of runs that have not published yet are there, each run counted once", async () => {
    const experiment = await newExperiment();
    const done = await newRun(experiment);
    await ok("runs/log-batch", { run_id: done, metrics: [metric("loss", 1), metric("old", 1)] });
    await finish(done);
    const run_id = await newRun(experiment);
    await ok("runs/log-batch", { run_id, metrics: [metric("loss", 1), metric("acc", 1)] });
    const metrics = async (query = "") => (await get(`/experiments/${experiment}/keys?kind=metric${query}`)).metrics;
    const all = [
      { key: "acc", runs: 1 },
      { key: "loss", runs: 2 },
      { key: "old", runs: 1 },
    ];
    expect(await metrics()).toEqual(all);
    expect(await metrics("&prefix=a")).toEqual([{ key: "acc", runs: 1 }]);
    expect(await get(`/experiments/${experiment}/keys?kind=metric&limit=1`)).toEqual({
      metrics: [{ key: "acc", runs: 1 }],
      truncated: true,
    });
    // A search by a metric has the latest values published, and the log go on.
    await ok("runs/search", { experiment_ids: [experiment], filter: "metrics.acc > 0" });
    expect(await metrics()).toEqual(all);
    await finish(run_id);
    expect(await metrics()).toEqual(all);
  });
});

describe("home", () => {
  it("names the headline and the owner of an experiment whose only run has just begun", async () => {
    const experiment = await newExperiment();
    const run_id = await newRun(experiment, {
      start_time: Date.now(),
      tags: [{ key: "mlflow.user", value: "kenji" }],
    });
    await ok("runs/log-batch", { run_id, metrics: [metric("loss", 0.25), metric("system/cpu", 3)] });
    const own = (await get("/home")).experiments.find((e: Json) => e.experiment_id === experiment);
    expect(own).toMatchObject({
      owner: "kenji",
      headline: { key: "loss", direction: "min" },
      newest: [{ run_id, value: 0.25 }],
    });
  });

  it("shows experiments with headline, newest, best and baseline, and live runs exactly", async () => {
    const name = uniqueName();
    const experiment = await newExperiment({ name });
    const runs: string[] = [];
    for (const [i, value] of [0.5, 0.9, 0.7].entries()) {
      const run_id = await newRun(experiment, { start_time: Date.now() + i, user_id: "ana", run_name: `r${i}` });
      runs.push(run_id);
      await ok("runs/log-batch", {
        run_id,
        metrics: [metric("train/loss", 1), metric("val/auc", value), metric("system/cpu", 9)],
      });
      await finish(run_id);
    }
    await ok("experiments/set-experiment-tag", { experiment_id: experiment, key: "tidemark.baseline", value: runs[0] });
    const live = await newRun(experiment, { start_time: Date.now() + 10, run_name: "live" });
    await ok("runs/log-batch", { run_id: live, metrics: [metric("val/auc", 0.6, 3)] });
    await env.DB.prepare("UPDATE runs SET hot = 1 WHERE run_id = ?1").bind(live).run();
    const home = await get("/home");
    const own = home.experiments.find((e: Json) => e.experiment_id === experiment);
    expect(own).toMatchObject({
      name,
      runs: 4,
      runs_more: false,
      live: 1,
      headline: { key: "val/auc", direction: "max" },
      newest: [
        { run_id: live, value: 0.6 },
        { run_id: runs[2], value: 0.7 },
        { run_id: runs[1], value: 0.9 },
        { run_id: runs[0], value: 0.5 },
      ],
      best: { run_id: runs[1], run_name: "r1", value: 0.9 },
      baseline: { run_id: runs[0], run_name: "r0", value: 0.5 },
      tags: [{ key: "tidemark.baseline", value: runs[0] }],
    });
    expect(home.live.find((r: Json) => r.run_id === live)).toMatchObject({
      run_name: "live",
      experiment_name: name,
      headline: { key: "val/auc", value: 0.6, step: 3 },
    });
    await ok("experiments/set-experiment-tag", {
      experiment_id: experiment,
      key: "tidemark.headline",
      value: "train/loss",
    });
    const again = await get("/home");
    expect(again.experiments.find((e: Json) => e.experiment_id === experiment).headline).toEqual({
      key: "train/loss",
      direction: "min",
    });
    expect((await get("/home?limit=1")).experiments).toHaveLength(1);
    expect((await get("/home?limit=1")).total).toBeGreaterThan(1);
  });

  it("knows nothing of an experiment without runs", async () => {
    const experiment = await newExperiment();
    const own = (await get("/home")).experiments.find((e: Json) => e.experiment_id === experiment);
    expect(own).toMatchObject({ runs: 0, live: 0, newest: [], tags: [] });
    expect(own).not.toHaveProperty("headline");
  });
});

describe("a metric's direction", () => {
  it.each([
    ["val/auc", "max"],
    ["train_loss", "min"],
    ["latency_ms p95", "min"],
    ["ndcg@10", "max"],
    ["valAccuracy", "max"],
    ["system/tokens_s", "max"],
    ["grad_norm", undefined],
  ])("of %s is %s", (key, direction) => {
    expect(directionOf(key)).toBe(direction);
  });
});

describe("views", () => {
  it("are created, listed by name, changed and removed", async () => {
    const experiment = await newExperiment();
    const path = `/experiments/${experiment}/views`;
    const { body: b } = await call("POST", path, { name: "b", address: "#/e/1?q=x" });
    const { body: a } = await call("POST", path, { name: "a", address: "#/e/1" });
    const { body: unnamed } = await call("POST", path, { address: "y".repeat(5000) });
    expect((await get(path)).views).toEqual([a, b]);
    expect(await get(`${path}/${unnamed.view_id}`)).toEqual(unnamed);
    const { body: changed } = await call("PATCH", `${path}/${b.view_id}`, { name: "0" });
    expect(changed).toMatchObject({ name: "0", address: b.address, created_time: b.created_time });
    expect((await get(path)).views.map((v: Json) => v.name)).toEqual(["0", "a"]);
    expect((await call("DELETE", `${path}/${a.view_id}`)).body).toEqual({});
    for (const method of ["GET", "DELETE"]) {
      expect((await call(method, `${path}/${a.view_id}`)).status).toBe(404);
    }
    expect((await call("PATCH", `${path}/${a.view_id}`, { name: "x" })).status).toBe(404);
  });

  it("are bounded, checked and an experiment's own", async () => {
    const experiment = await newExperiment();
    const path = `/experiments/${experiment}/views`;
    expect((await call("POST", "/experiments/99999999/views", { address: "a" })).status).toBe(404);
    expect((await call("GET", "/experiments/99999999/views")).status).toBe(404);
    expect((await call("POST", path, { name: "x" })).body.message).toContain("'address'");
    expect((await call("POST", path, { name: "x".repeat(201), address: "a" })).body.message).toContain("'name'");
    const fill = `INSERT INTO page_views SELECT ?1, value, 'n', 'a', 0, 0 FROM json_each(?2)`;
    const ids = Array.from({ length: 500 }, (_, i) => `v${i}`);
    await env.DB.prepare(fill).bind(experiment, JSON.stringify(ids)).run();
    expect((await call("POST", path, { address: "a" })).body.message).toContain("500 views");
    await ok("experiments/delete", { experiment_id: experiment });
    expect((await call("POST", path, { address: "a" })).status).toBe(400);
  });
});
