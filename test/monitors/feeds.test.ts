/** What viewers of a run and of its experiment hear of alerts. */
import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Json, ok } from "../tracking/helpers";
import { alertsOf, did, expectAlerts, log, newMonitor, place, settled } from "./helpers";

/** The alerts that a viewer of a feed is told of, as they come. */
async function watch(path: string): Promise<{ alerts: Json[]; close: () => void }> {
  const headers = { Upgrade: "websocket" };
  const { webSocket } = await SELF.fetch(`http://x/api/2.0/tidemark/${path}`, { headers });
  if (!webSocket) throw new Error("no upgrade");
  const alerts: Json[] = [];
  webSocket.addEventListener("message", ({ data }) => {
    const { type, alert, changes = [] } = JSON.parse(String(data)) as Json;
    if (type === "alert") alerts.push(alert);
    alerts.push(...changes.flatMap((c: Json) => (c.change === "alert_changed" ? [c.alert] : [])));
  });
  webSocket.accept();
  return { alerts, close: () => webSocket.close(1000) };
}

describe.each([
  ["an experiment", ({ experiment }: { experiment: string; run: string }) => `experiments/${experiment}/feed`],
  ["a run", ({ run }: { experiment: string; run: string }) => `runs/${run}/live`],
])("the viewers of %s", (_, path) => {
  it("are told when an alert opens, is seen and ends, as the API gives it", async () => {
    const where = await place();
    const { monitor_id } = await newMonitor({ scope: { experiment_id: where.experiment }, cooldown_minutes: 0 });
    const { alerts, close } = await watch(path(where));
    const states = () => alerts.map((a) => a.resolution ?? (a.acknowledged_by ? "seen" : a.state));
    const until = (...wanted: string[]) => expect.poll(states, { timeout: 5000 }).toEqual(wanted);
    await log(where.run, [11]);
    await until("firing");
    const [open] = await alertsOf(where.run);
    expect(alerts[0]).toEqual(open);
    await did("POST", `/alerts/${open?.alert_id}/acknowledge`, { by: "ana" });
    await until("firing", "seen");
    await log(where.run, [1], { from: 1 });
    await until("firing", "seen", "recovered");
    expect(alerts[2]).toEqual((await alertsOf(where.run))[0]);
    await log(where.run, [12], { from: 2 });
    await until("firing", "seen", "recovered", "firing");
    await did("POST", `/alerts/${alerts[3]?.alert_id}/resolve`);
    await until("firing", "seen", "recovered", "firing", "hand");
    await did("POST", `/alerts/${alerts[3]?.alert_id}/resolve`);
    await settled();
    await log(where.run, [13], { from: 3 });
    await expect.poll(() => alerts.length, { timeout: 5000 }).toBe(6);
    await did("DELETE", `/monitors/${monitor_id}`);
    await expect.poll(() => states().at(-1), { timeout: 5000 }).toBe("monitor");
    expect(alerts).toHaveLength(7);
    close();
  });
});

it("nobody is told of where nobody looks", async () => {
  const { experiment, run } = await place();
  const { alerts, close } = await watch(`experiments/${experiment}/feed`);
  close();
  await ok("runs/set-tag", { run_id: run, key: "k", value: "v" });
  await newMonitor({ scope: { run_id: run } });
  await log(run, [11]);
  await expectAlerts(run, ["firing"]);
  expect(alerts).toEqual([]);
});
