/** Alerts survive kill -9: one that was seen is told once, by its delivery's id, and that it fired before that it ended. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { descendants, type Launched, launch } from "./launcher.ts";
import { call } from "./load.ts";

/** A sweep may be a minute away. */
const TIMEOUT_MS = 180_000;
const RUNS = 8;
const LIMIT = 10;

interface Alert {
  alert_id: string;
  run_id: string;
  state: string;
}

/** One message that the receiver took, in their order. */
interface Told {
  alertId: string;
  action: string;
  deliveryId: string;
}

let folder: string;
let server: Launched;
let receiver: Server;
let told: Told[] = [];
/** How the receiver takes messages. */
let mode: "takes" | "is down" | "says nothing" = "takes";
let asked = 0;
const silent = new Set<ServerResponse>();

beforeAll(async () => {
  process.env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE = "true";
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked++;
    if (mode === "is down") return void response.writeHead(503).end();
    if (mode === "says nothing") return void silent.add(response);
    const { action, data } = JSON.parse(Buffer.concat(chunks).toString()) as { action: string; data: Alert };
    told.push({ alertId: data.alert_id, action, deliveryId: String(request.headers["x-mlflow-delivery-id"]) });
    response.writeHead(204).end();
  });
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  folder = mkdtempSync(join(tmpdir(), "tidemark-alerts-"));
  server = await launch("--data", folder);
});

afterEach(() => {
  told = [];
  asked = 0;
});

afterAll(async () => {
  delete process.env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE;
  server.process.kill("SIGTERM");
  await server.ended;
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Some runs of an experiment of their own, each of whose losses is watched and told of. */
async function watchedRuns(): Promise<string[]> {
  const made = await call(server.url, "experiments/create", { name: `e-${performance.now()}` });
  const { experiment_id } = made.body as { experiment_id: string };
  const answer = await fetch(`${server.url}/api/2.0/tidemark/monitors`, {
    method: "POST",
    body: JSON.stringify({
      metric: "loss",
      scope: { experiment_id },
      condition: { type: "threshold", value: LIMIT },
      cooldown_minutes: 0,
      notify: [{ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${experiment_id}` }],
    }),
  });
  expect(answer.status).toBe(200);
  const runs: string[] = [];
  for (let i = 0; i < RUNS; i++) {
    const run = await call(server.url, "runs/create", { experiment_id, start_time: Date.now() });
    runs.push((run.body as { run: { info: { run_id: string } } }).run.info.run_id);
  }
  return runs;
}

let step = 0;

async function log(runs: readonly string[], value: number): Promise<void> {
  await Promise.all(
    runs.map(async (run_id) => {
      const point = { run_id, key: "loss", value, timestamp: Date.now(), step: step++ };
      expect((await call(server.url, "runs/log-metric", point)).status).toBe(200);
    }),
  );
}

/** The alerts of some runs, once each has one in a state. */
async function alertsOf(runs: readonly string[], state: string): Promise<Alert[]> {
  const found: Alert[] = [];
  for (const run of runs) {
    await expect
      .poll(
        async () => {
          const answer = await fetch(`${server.url}/api/2.0/tidemark/alerts?run_id=${run}`);
          const { alerts } = (await answer.json()) as { alerts: Alert[] };
          found.push(...alerts.filter((alert) => alert.state === state));
          return alerts.map((alert) => alert.state);
        },
        { timeout: 60_000, interval: 50 },
      )
      .toEqual([state]);
  }
  return found;
}

async function killAndRestart(): Promise<void> {
  const { pid = -1 } = server.process;
  for (const process of [...descendants(pid).map((below) => below.pid), pid]) killHard(process);
  await server.ended;
  for (const response of silent) response.destroy();
  silent.clear();
  mode = "takes";
  server = await launch("--data", folder);
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself once its server was gone.
  }
}

/** Waits until everything is told, and a while for what should not be. */
async function expectTold(alerts: readonly Alert[], actions: readonly string[]): Promise<void> {
  const missing = () =>
    alerts.flatMap(({ alert_id }) =>
      actions.filter((action) => !told.some((one) => one.alertId === alert_id && one.action === action)),
    );
  for (let i = 0; i < 1000 && missing().length > 0; i++) await sleep(100);
  await sleep(1000);
  for (const { alert_id } of alerts) {
    const own = told.filter(({ alertId }) => alertId === alert_id);
    // A repeat has the id of the first, so that a receiver knows it.
    const ids = actions.map(
      (action) => new Set(own.filter((one) => one.action === action).map((one) => one.deliveryId)),
    );
    expect(ids.map(({ size }) => size)).toEqual(actions.map(() => 1));
    expect([...new Set(own.map(({ action }) => action))]).toEqual(actions);
  }
  expect(new Set(told.map(({ alertId }) => alertId)).size).toBe(alerts.length);
}

it.each(["is down", "says nothing"] as const)(
  "delivers what was seen before kill -9, while the receiver %s",
  { timeout: TIMEOUT_MS },
  async (how) => {
    mode = how;
    const runs = await watchedRuns();
    await log(runs, LIMIT + 1);
    const alerts = await alertsOf(runs, "firing");
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(told).toEqual([]);
    await killAndRestart();
    await expectTold(alerts, ["fired"]);
    expect((await alertsOf(runs, "firing")).length).toBe(RUNS);
  },
);

it("delivers that they fired before that they ended", { timeout: TIMEOUT_MS }, async () => {
  mode = "is down";
  const runs = await watchedRuns();
  await log(runs, LIMIT + 1);
  await alertsOf(runs, "firing");
  await log(runs, LIMIT - 1);
  const alerts = await alertsOf(runs, "resolved");
  await killAndRestart();
  await expectTold(alerts, ["fired", "resolved"]);
});

it("finds what was acknowledged and not judged when it was killed", { timeout: TIMEOUT_MS }, async () => {
  mode = "is down";
  const runs = await watchedRuns();
  await log(runs, LIMIT - 1);
  await log(runs, LIMIT + 1);
  await killAndRestart();
  // Whatever opens the log: here a point of another key.
  await Promise.all(
    runs.map((run_id) => call(server.url, "runs/log-metric", { run_id, key: "x", value: 1, timestamp: Date.now() })),
  );
  await expectTold(await alertsOf(runs, "firing"), ["fired"]);
});
