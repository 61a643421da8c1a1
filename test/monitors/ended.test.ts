/** Alerts end with their runs. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { objectOf } from "../metrics/helpers";
import { ok } from "../tracking/helpers";
import { drained, forgetAll, network } from "../webhooks/helpers";
import { alertsOf, did, expectAlerts, log, newMonitor, place, settled } from "./helpers";

afterEach(forgetAll);

/** Lets the clock look. Whether it goes on is in its next alarm. */
async function look(): Promise<void> {
  await runDurableObjectAlarm(env.MONITOR_CLOCK.get(env.MONITOR_CLOCK.idFromName("clock")));
}

/** A run whose alert fires, of a monitor that tells `url`. */
async function firing(): Promise<{ run: string; url: string }> {
  const { experiment, run } = await place();
  const url = `https://ended-${run}.example.com/`;
  await newMonitor({ scope: { experiment_id: experiment }, notify: [{ url }] });
  await log(run, [1, Number.NaN]);
  await expectAlerts(run, ["firing"]);
  return { run, url };
}

it.each(["FINISHED", "FAILED", "KILLED"])("of a run that is %s, once, and tell of it", async (status) => {
  const received = network();
  const { run, url } = await firing();
  const [open] = await alertsOf(run);
  await did("POST", `/alerts/${open?.alert_id}/acknowledge`, { by: "ana", note: "known" });
  await look();
  expect((await alertsOf(run))[0]?.state).toBe("firing");
  await ok("runs/update", { run_id: run, status });
  await look();
  await look();
  const [ended] = await alertsOf(run);
  expect(ended).toMatchObject({
    alert_id: open?.alert_id,
    state: "resolved",
    resolution: "ended",
    acknowledged_by: "ana",
    note: "known",
    evidence: open?.evidence,
  });
  await drained(`monitor:${url}`);
  expect(received.map(({ payload }) => [payload.action, payload.data.resolution])).toEqual([
    ["fired", undefined],
    ["resolved", "ended"],
  ]);
  expect(received[1]?.payload.data.evidence.value).toBe("NaN");
});

it("of a run that is deleted", async () => {
  network();
  const { run } = await firing();
  await ok("runs/delete", { run_id: run });
  await look();
  expect((await alertsOf(run))[0]?.resolution).toBe("ended");
});

it("and begin anew with points that come later alone", async () => {
  network();
  const { experiment, run } = await place();
  await newMonitor({ scope: { experiment_id: experiment }, cooldown_minutes: 0, consecutive: 2 });
  await log(run, [11, 12, 13]);
  await expectAlerts(run, ["firing"]);
  await ok("runs/update", { run_id: run, status: "FINISHED" });
  await look();
  await expectAlerts(run, ["resolved"]);
  await evictDurableObject(objectOf(run));
  await ok("runs/update", { run_id: run, status: "RUNNING" });
  await log(run, [14], { from: 3 });
  await settled();
  await expectAlerts(run, ["resolved"]);
  await log(run, [15], { from: 4 });
  await expectAlerts(run, ["firing", "resolved"]);
});

it("where a finished run is written to, and fire again for what comes then", async () => {
  network();
  const { experiment, run } = await place();
  await newMonitor({ scope: { experiment_id: experiment }, cooldown_minutes: 0 });
  await ok("runs/update", { run_id: run, status: "FINISHED" });
  await log(run, [11]);
  await expectAlerts(run, ["firing"]);
  await look();
  await expectAlerts(run, ["resolved"]);
  await settled();
  await log(run, [12], { from: 1 });
  await expectAlerts(run, ["firing", "resolved"]);
});
