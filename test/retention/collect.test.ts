/** Removing for good: all of it, nothing else, and however often a pass dies half-way. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Budget } from "../../src/retention/budget";
import { collect } from "../../src/retention/collect";
import { logOf, objectOf, packOf } from "../metrics/helpers";
import { call, getRun, newExperiment, newRun, ok } from "../tracking/helpers";
import { collectAll, files, fullRun, putFile, whatIsLeft } from "./helpers";

const remove = (kind: "runs" | "experiments", id: string) =>
  ok(`${kind}/delete`, kind === "runs" ? { run_id: id } : { experiment_id: id });

const status = async (path: string) => (await call(path))[0];

describe("a deleted run", () => {
  it("goes with all it has, and nothing of another", async () => {
    const experiment = await newExperiment();
    const [gone, stays] = [await fullRun(experiment), await fullRun(experiment)];
    await remove("runs", gone.run);
    expect(await collectAll()).toMatchObject({ done: true, removed: { runs: 1, logged_models: 0, experiments: 0 } });
    expect(await whatIsLeft("run_id", gone.run)).toEqual([]);
    expect(await files(`${experiment}/${gone.run}/`)).toEqual([]);
    expect(await status(`runs/get?run_id=${gone.run}`)).toBe(404);
    // The model it made was not deleted; it only loses what that run logged to it.
    const { model } = await ok(`logged-models/${gone.model}`);
    expect([model.info.source_run_id, model.data.metrics]).toEqual([gone.run, undefined]);
    expect(await files(`${experiment}/models/${gone.model}/`)).toHaveLength(1);
    expect((await getRun(stays.run)).data.metrics).toHaveLength(1);
    expect(await files(`${experiment}/${stays.run}/`)).toHaveLength(1);
  });

  it("stays until it is old enough, and when it was restored", async () => {
    const experiment = await newExperiment();
    const [young, restored] = [await newRun(experiment), await newRun(experiment)];
    for (const run of [young, restored]) await remove("runs", run);
    await ok("runs/restore", { run_id: restored });
    await collect(env, Date.now() - 60_000, new Budget(100));
    expect(await getRun(young)).toMatchObject({ info: { lifecycle_stage: "deleted" } });
    await collectAll();
    expect(await status(`runs/get?run_id=${young}`)).toBe(404);
    expect(await status(`runs/get?run_id=${restored}`)).toBe(200);
  });

  it("stays while a registered model's version has its files there", async () => {
    const experiment = await newExperiment();
    const run = await newRun(experiment);
    const where = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`;
    const modelId = Math.floor(Math.random() * 2 ** 40);
    await env.DB.prepare(
      `INSERT INTO model_versions (model_id, version, creation_time, last_updated_time, source, storage_location, run_id, run_link)
       VALUES (?1, 1, 0, 0, ?2, ?2, ?3, '')`,
    )
      .bind(modelId, where, run)
      .run();
    await remove("experiments", experiment);
    await collectAll();
    expect(await status(`runs/get?run_id=${run}`)).toBe(200);
    expect(await status(`experiments/get?experiment_id=${experiment}`)).toBe(200);
    await env.DB.prepare("DELETE FROM model_versions WHERE model_id = ?").bind(modelId).run();
    await collectAll();
    expect(await status(`runs/get?run_id=${run}`)).toBe(404);
    expect(await whatIsLeft("experiment_id", experiment)).toEqual([]);
  });

  it("leaves its log empty, even one that could not publish", async () => {
    const run = await newRun(await newExperiment());
    await logOf(run).append(run, packOf({ a: [[1, 1, 1]] }));
    // Deleted behind the log's back: it still holds what it took.
    await env.DB.prepare("UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 1 WHERE run_id = ?")
      .bind(run)
      .run();
    await collectAll();
    expect(await whatIsLeft("run_id", run)).toEqual([]);
    await runInDurableObject(objectOf(run), async (_, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray()).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});

describe("a deleted experiment", () => {
  it("goes with its runs, models, datasets and folder, and its name is free again", async () => {
    const name = `gone-${crypto.randomUUID()}`;
    const experiment = await newExperiment({ name, tags: [{ key: "a", value: "b" }] });
    const { run, model } = await fullRun(experiment);
    await putFile(`${experiment}/traces/tr-1/artifacts/traces.json`);
    await remove("experiments", experiment);
    const { removed, done } = await collectAll();
    expect([removed.experiments, removed.runs, removed.logged_models, removed.files, done]).toEqual([1, 1, 1, 3, true]);
    for (const [column, id] of [
      ["experiment_id", experiment],
      ["run_id", run],
      ["model_id", model],
    ] as const) {
      expect(await whatIsLeft(column, id)).toEqual([]);
    }
    expect(await files(`${experiment}/`)).toEqual([]);
    expect(await newExperiment({ name })).not.toBe(experiment);
  });

  it("leaves alone what other experiments keep below its location", async () => {
    const experiment = await newExperiment();
    const guest = await newExperiment({ artifact_location: `mlflow-artifacts:/${experiment}/guest` });
    const run = await newRun(guest);
    await putFile(`${experiment}/guest/${run}/artifacts/a.txt`);
    await remove("experiments", experiment);
    await collectAll();
    expect(await whatIsLeft("experiment_id", experiment)).toEqual([]);
    expect(await files(`${experiment}/guest/`)).toHaveLength(1);
  });

  it("waits while one of its runs is active", async () => {
    const experiment = await newExperiment();
    const run = await newRun(experiment);
    await remove("experiments", experiment);
    await env.DB.prepare("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_id = ?")
      .bind(run)
      .run();
    await collectAll();
    expect(await status(`experiments/get?experiment_id=${experiment}`)).toBe(200);
    expect(await status(`runs/get?run_id=${run}`)).toBe(200);
  });

  it("is never the default one", async () => {
    const run = await newRun("0");
    await remove("experiments", "0");
    await collectAll();
    expect(await status("experiments/get?experiment_id=0")).toBe(200);
    expect(await status(`runs/get?run_id=${run}`)).toBe(404);
    await ok("experiments/restore", { experiment_id: "0" });
  });

  it("may keep its artifacts elsewhere", async () => {
    const experiment = await newExperiment({ artifact_location: "s3://bucket/there" });
    await newRun(experiment);
    await remove("experiments", experiment);
    expect(await collectAll()).toMatchObject({ done: true, removed: { experiments: 1, runs: 1 } });
    expect(await whatIsLeft("experiment_id", experiment)).toEqual([]);
  });
});

describe("a deleted model", () => {
  it("goes with its params, tags, metrics and files; its run stays", async () => {
    const experiment = await newExperiment();
    const { run, model } = await fullRun(experiment);
    await env.DB.prepare(
      "UPDATE logged_models SET lifecycle_stage = 'deleted', last_update_time = 1 WHERE model_id = ?",
    )
      .bind(model)
      .run();
    expect((await collectAll()).removed).toMatchObject({ logged_models: 1, runs: 0 });
    expect(await whatIsLeft("model_id", model)).toEqual([]);
    expect(await files(`${experiment}/models/${model}/`)).toEqual([]);
    expect((await getRun(run)).data.metrics).toHaveLength(1);
  });
});

describe("a pass that dies", () => {
  /** An environment whose n-th call of D1 or R2 from now on fails; the call itself may have been done. */
  function dying(at: number, after: boolean) {
    let calls = 0;
    let hasDied = false;
    const tick = async <T>(work: () => Promise<T>): Promise<T> => {
      if (hasDied || calls++ === at) {
        if (!hasDied && after) await work();
        hasDied = true;
        throw new Error("died");
      }
      return await work();
    };
    const deadly = <T extends object>(target: T, names: readonly string[]): T =>
      new Proxy(target, {
        get(own, name) {
          const value: unknown = Reflect.get(own, name);
          if (typeof value !== "function") return value;
          return names.includes(String(name))
            ? (...args: unknown[]) => tick(() => value.apply(own, args) as Promise<unknown>)
            : value.bind(own);
        },
      });
    return { ...env, DB: deadly(env.DB, ["batch"]), ARTIFACTS: deadly(env.ARTIFACTS, ["list", "delete"]) };
  }

  it("leaves every run whole or gone, and the next pass finishes", async () => {
    for (const after of [false, true]) {
      for (let at = 0; at < 14; at++) {
        const experiment = await newExperiment();
        const [one, other] = [await fullRun(experiment), await fullRun(experiment)];
        await remove("runs", other.run);
        await remove("experiments", experiment);
        await collectAll(dying(at, after)).catch(() => undefined);
        for (const { run } of [one, other]) {
          const [code, { run: found }] = await call(`runs/get?run_id=${run}`);
          if (code === 404) continue;
          expect(found.data).toMatchObject({ metrics: [{ key: "m" }], params: [{ key: "p" }] });
          expect(found.inputs.dataset_inputs).toHaveLength(1);
          expect(await files(`${experiment}/${run}/`)).toHaveLength(1);
        }
        expect((await collectAll()).done).toBe(true);
        for (const { run, model } of [one, other]) {
          expect([at, await whatIsLeft("run_id", run), await whatIsLeft("model_id", model)]).toEqual([at, [], []]);
        }
        expect(await whatIsLeft("experiment_id", experiment)).toEqual([]);
        expect(await files(`${experiment}/`)).toEqual([]);
      }
    }
  }, 60_000);

  it("goes on where the budget of the one before ended", async () => {
    const experiment = await newExperiment();
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push(await fullRun(experiment));
    await remove("experiments", experiment);
    let passes = 0;
    while (!(await collectAll(env, 1)).done) expect(++passes).toBeLessThan(50);
    expect(passes).toBeGreaterThan(2);
    expect(await whatIsLeft("experiment_id", experiment)).toEqual([]);
    for (const { run } of runs) expect(await whatIsLeft("run_id", run)).toEqual([]);
    expect(await files(`${experiment}/`)).toEqual([]);
  });
});
