/** Silence: noticed by the clock, over before the next look at it. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { endAlerts } from "../../src/monitors/ended";
import { findSilence } from "../../src/monitors/silence";
import { ok } from "../tracking/helpers";
import { alertsOf, log, newMonitor, place } from "./helpers";

const ctx = { waitUntil: () => undefined };
const MINUTE = 60_000;

it("fires once for a run that says nothing, and resolves when it speaks or ends", async () => {
  const { experiment, run } = await place({ start_time: Date.now() });
  await newMonitor({ scope: { experiment_id: experiment }, condition: { type: "silence", minutes: 5 } });
  await log(run, [1]);
  const states = async () => (await alertsOf(run)).map((a) => a.state);
  const look = (minutes: number) => findSilence(env, ctx, Date.now() + minutes * MINUTE);
  expect(await look(4)).toBe(true);
  expect(await states()).toEqual([]);
  await look(6);
  await look(7);
  const [silent] = await alertsOf(run);
  expect(silent).toMatchObject({ state: "firing", sentence: "loss has no point for 5 min", evidence: { limit: 5 } });
  await scheduler.wait(5);
  await log(run, [2], { from: 1 });
  await look(0);
  expect(await states()).toEqual(["resolved"]);
  await look(6);
  expect(await states()).toEqual(["firing", "resolved"]);
  await ok("runs/update", { run_id: run, status: "FINISHED" });
  await look(7);
  await endAlerts(env, ctx);
  expect((await alertsOf(run)).map((a) => a.resolution)).toEqual(["ended", "recovered"]);
});

it("is looked for while there is a monitor of it", async () => {
  const clock = env.MONITOR_CLOCK.get(env.MONITOR_CLOCK.idFromName("clock"));
  expect(await runDurableObjectAlarm(clock)).toBe(true);
  expect(await runDurableObjectAlarm(clock)).toBe(true);
});
