/** What the first page tells of monitors and of the alerts that fire. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { standing } from "../../src/page/firing";
import { recentPoints } from "../../src/page/recent";
import { did, expectAlerts, log, newMonitor, place } from "../monitors/helpers";
import { type Json, ok } from "../tracking/helpers";

const home = (): Promise<Json> => did("GET", "/home");
const ofExperiment = async (id: string): Promise<Json> =>
  (await home()).experiments.find((e: Json) => e.experiment_id === id);

beforeEach(async () => {
  await env.DB.batch(["DELETE FROM alerts", "DELETE FROM monitors"].map((sql) => env.DB.prepare(sql)));
});

describe("the first page", () => {
  it("says whether anything is watched", async () => {
    expect((await home()).firing).toEqual({ total: 0, more: false, watched: false, alerts: [] });
    const { experiment } = await place();
    expect(await ofExperiment(experiment)).not.toHaveProperty("monitors");
    await newMonitor({ scope: { experiment_id: experiment } });
    await newMonitor({ scope: { experiment_id: experiment }, enabled: false });
    expect((await home()).firing).toMatchObject({ total: 0, watched: true });
    expect((await ofExperiment(experiment)).monitors).toEqual({ total: 2, firing: 0, muted: 1 });
  });

  it("shows what fires, where, since when and how it stands now", async () => {
    const { experiment, run } = await place({ run_name: "scorer" });
    const monitor = await newMonitor({ scope: { experiment_id: experiment }, name: "too high", severity: "critical" });
    await log(run, [1, 2, 11]);
    const [alert] = await expectAlerts(run, ["firing"]);
    await log(run, [12, 13], { from: 3 });
    const { firing } = await home();
    expect(firing).toMatchObject({ total: 1, more: false, watched: true, last_fired: alert?.opened_time });
    expect(firing.alerts).toEqual([
      {
        alert_id: alert?.alert_id,
        monitor_id: monitor.monitor_id,
        name: "too high",
        sentence: "loss is above 10",
        severity: "critical",
        metric: "loss",
        experiment_id: experiment,
        experiment_name: expect.any(String),
        run_id: run,
        run_name: "scorer",
        opened_time: alert?.opened_time,
        muted: false,
        measure: "metric",
        value: 13,
        limit: 10,
        values: [1, 2, 11, 12, 13],
      },
    ]);
    expect((await ofExperiment(experiment)).monitors).toEqual({ total: 1, firing: 1, muted: 0 });
    await did("POST", `/alerts/${alert?.alert_id}/acknowledge`, { by: "ana" });
    expect((await home()).firing.alerts[0]).toMatchObject({
      acknowledged_by: "ana",
      acknowledged_time: expect.any(Number),
    });
    await log(run, [1], { from: 5 });
    await expectAlerts(run, ["resolved"]);
    expect((await home()).firing).toMatchObject({ total: 0, alerts: [], last_fired: alert?.opened_time });
    expect((await ofExperiment(experiment)).monitors).toEqual({ total: 1, firing: 0, muted: 0 });
  });

  it("lists the gravest first, those that somebody has seen last, and no more than a few", async () => {
    const opened: Json[] = [];
    for (const [i, severity] of ["info", "critical", "warning", "critical"].entries()) {
      const { experiment, run } = await place();
      await newMonitor({ scope: { experiment_id: experiment }, name: `${severity} ${i}`, severity });
      await log(run, [11]);
      const [alert] = await expectAlerts(run, ["firing"]);
      opened.push(alert as Json);
    }
    const names = async () => (await home()).firing.alerts.map((alert: Json) => alert.name);
    expect(await names()).toEqual(["critical 3", "critical 1", "warning 2", "info 0"]);
    await did("POST", `/alerts/${opened[3]?.alert_id}/acknowledge`, {});
    expect(await names()).toEqual(["critical 1", "warning 2", "info 0", "critical 3"]);
    await env.DB.prepare(
      `INSERT INTO alerts SELECT 'x' || j.value, monitor_id, run_id, experiment_id, name, metric, sentence, severity, state,
         evidence, resolution, j.value, opened_step, opened_timestamp, resolved_time, changed_step, changed_timestamp,
         reopened, muted, acknowledged_time, acknowledged_by, note, change_id
       FROM json_each(?1) j CROSS JOIN alerts WHERE alert_id = ?2`,
    )
      .bind(JSON.stringify(Array.from({ length: 1100 }, (_, i) => i)), opened[0]?.alert_id)
      .run();
    expect((await home()).firing).toMatchObject({ total: 1000, more: true });
    expect(await names()).toHaveLength(8);
  });
});

describe("how an alert stands", () => {
  const evidence = { value: 210, limit: 200, statistic: 0.4, p_value: 0.003 };
  const rule = { metric: "m", window: { points: 3 }, aggregate: "mean", direction: "min", consecutive: 1, recovery: 1 };
  const points = [1, 2, 3, 4].map((value, i) => ({ step: i, timestamp: i * 60_000, value }));
  const of = (fields: object, known = points) => standing(evidence, { ...rule, ...fields } as never, known, 600_000);
  const threshold = { condition: { type: "threshold", value: 200 } };

  it("is the newest aggregate, as it was where the points do not fill the window", () => {
    expect(of(threshold)).toEqual({ measure: "metric", value: 3, limit: 200 });
    expect(of({ ...threshold, window: { points: 5 } })).toEqual({ measure: "metric", value: 210, limit: 200 });
    expect(of({ ...threshold, window: { minutes: 2 } })).toEqual({ measure: "metric", value: 3.5, limit: 200 });
    expect(standing(evidence, undefined, points, 0)).toEqual({ measure: "metric", value: 210, limit: 200 });
  });

  it("is a statistic of a drift, and minutes of a silence", () => {
    expect(of({ condition: { type: "drift", test: "psi" } })).toEqual({ measure: "psi", value: 0.4, limit: 200 });
    expect(of({ condition: { type: "drift", test: "ks" } })).toEqual({ measure: "p", value: 0.003, limit: 200 });
    expect(of({ condition: { type: "silence", minutes: 5 } })).toEqual({ measure: "minutes", value: 7, limit: 200 });
    expect(of({ condition: { type: "silence", minutes: 5 } }, [])).toMatchObject({ value: 210 });
  });
});

describe("the newest points of a series", () => {
  it("are those of its rows and of its log", async () => {
    const { run } = await place();
    await log(
      run,
      Array.from({ length: 700 }, (_, i) => i),
    );
    await ok("runs/update", { run_id: run, status: "FINISHED", end_time: Date.now() });
    const series = (isHot: boolean) => [
      { run_id: run, key: "loss", isHot },
      { run_id: run, key: "none", isHot },
    ];
    const values = async (isHot: boolean) =>
      (await recentPoints(env, series(isHot), 60)).map((points) => points.map((point) => point.value));
    await expect.poll(() => values(false)).toEqual([Array.from({ length: 60 }, (_, i) => 640 + i), []]);
    const timestamp = Date.now() + 3_600_000;
    const metrics = [1000, "NaN"].map((value, i) => ({ key: "loss", value, timestamp, step: 700 + i }));
    await ok("runs/log-batch", { run_id: run, metrics });
    expect((await values(true))[0]?.slice(-3)).toEqual([699, 1000, Number.NaN]);
  });
});
