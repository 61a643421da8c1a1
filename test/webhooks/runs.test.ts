/** Runs tell of their lives, in the transaction that changes them, and at no cost where nobody listens. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { newRunId } from "../../src/tracking/run";
import { writeRuns } from "../../src/tracking/run-batch";
import { runsChangingEvents, runsCreatedEvents } from "../../src/webhooks/run-events";
import { newExperiment, newRun, ok } from "../tracking/helpers";
import { drained, forgetAll, network, newWebhook, rowsOf } from "./helpers";

const ALL = ["run.started", "run.finished", "run.failed"] as const;

afterEach(forgetAll);

const update = (run_id: string, fields: object) => ok("runs/update", { run_id, ...fields });

describe("runs", () => {
  it("tell when they start, finish, fail and are killed", async () => {
    const received = network();
    const { id } = await newWebhook([...ALL]);
    const experiment_id = await newExperiment();
    const fields = { run_name: 'a "name"', user_id: "u", start_time: 5 };
    const runs: string[] = [];
    for (const status of ["FINISHED", "FAILED", "KILLED"]) {
      const run_id = await newRun(experiment_id, fields);
      runs.push(run_id);
      await update(run_id, { status, end_time: 9 });
    }
    await drained(id);
    const data = (run: number, status: string, end_time: number | null) => ({
      run_id: runs[run],
      experiment_id,
      run_name: fields.run_name,
      user_id: "u",
      status,
      start_time: 5,
      end_time,
    });
    const started = [0, 1, 2].map((run) => ["started", data(run, "RUNNING", null)]);
    const ended = [
      ["finished", data(0, "FINISHED", 9)],
      ["failed", data(1, "FAILED", 9)],
      ["failed", data(2, "KILLED", 9)],
    ];
    const told = received.map(({ payload }) => [payload.action, payload.data]);
    expect(told).toHaveLength(6);
    expect(told).toEqual(expect.arrayContaining([...started, ...ended]));
    expect(received[0]?.payload).toMatchObject({
      entity: "run",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
    });
  });

  it("tell of changes of their status only, and of a new start", async () => {
    const received = network();
    const { id } = await newWebhook([...ALL]);
    const run = await newRun(await newExperiment());
    await update(run, { run_name: "other" });
    await update(run, { status: "RUNNING" });
    await update(run, { status: "SCHEDULED" });
    await update(run, { status: "RUNNING", run_name: "again" });
    await update(run, { status: "FINISHED" });
    await update(run, { status: "FINISHED", end_time: 7 });
    await drained(id);
    expect(received.map(({ payload }) => payload.action).sort()).toEqual(["finished", "started", "started"]);
    expect(received.filter(({ payload }) => payload.data.run_name === "again")).toHaveLength(2);
  });

  it("tell nothing of what failed", async () => {
    const { id } = await newWebhook([...ALL]);
    network();
    const run = await newRun(await newExperiment());
    await ok("runs/delete", { run_id: run });
    await drained(id);
    const gone = { runId: newRunId(), experimentId: "999", name: "n", userId: "", startTime: 0, tags: [] };
    const { runs, waiting } = await writeRuns(env.DB, [
      { create: gone },
      { change: { runId: run, status: "FINISHED" } },
    ]);
    expect([runs.size, waiting]).toEqual([0, []]);
    expect(await rowsOf(id)).toEqual([]);
  });

  it("that are written together each tell for themselves", async () => {
    const { id } = await newWebhook(["run.started"]);
    const other = await newWebhook(["run.started", "run.failed"]);
    network();
    const experimentId = await newExperiment();
    const running = await newRun(experimentId);
    await Promise.all([drained(id), drained(other.id)]);
    const create = () => ({ runId: newRunId(), experimentId, name: "n", userId: "", startTime: 0, tags: [] });
    const { runs, waiting } = await writeRuns(env.DB, [
      { create: create() },
      { create: create() },
      { change: { runId: running, status: "KILLED" } },
    ]);
    expect(runs.size).toBe(3);
    expect(waiting.map((w) => w.target).sort()).toEqual([id, id, other.id, other.id, other.id].sort());
    const ids = [...(await rowsOf(id)), ...(await rowsOf(other.id))].map((row) => row.delivery_id);
    expect(new Set(ids).size).toBe(5);
  });

  it("write no row and look for no run where nobody listens", async () => {
    await newWebhook(["prompt.created"]);
    const json = JSON.stringify([{ runId: await newRun(await newExperiment()), status: "FINISHED" }]);
    for (const statement of [runsCreatedEvents(env.DB, json), runsChangingEvents(env.DB, json)]) {
      const { rows_read, rows_written } = (await statement.run()).meta;
      expect(rows_written).toBe(0);
      // Looking into an empty range of an index counts, but no more than that.
      expect(rows_read).toBeLessThanOrEqual(2);
    }
  });
});
