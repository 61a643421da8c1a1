/** Deliveries survive kill -9: each change that was acknowledged reaches the receiver, whenever the process dies. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { descendants, type Launched, launch } from "./launcher.ts";
import { call } from "./load.ts";

/** A sweep may be a minute away. */
const TIMEOUT_MS = 180_000;
const AT_ONCE = 8;

let folder: string;
let server: Launched;
let receiver: Server;
/** Delivery ids by the run they tell of. */
const delivered = new Map<string, Set<string>>();
let isDown = false;

beforeAll(async () => {
  process.env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE = "true";
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (isDown) return void response.writeHead(503).end();
    const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { run_id: string } };
    const ids = delivered.get(data.run_id) ?? new Set<string>();
    delivered.set(data.run_id, ids.add(String(request.headers["x-mlflow-delivery-id"])));
    response.writeHead(204).end();
  });
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  folder = mkdtempSync(join(tmpdir(), "tidemark-webhooks-"));
  server = await launch("--data", folder);
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const events = [{ entity: "RUN", action: "STARTED" }];
  const made = await call(server.url, "webhooks", { name: "hook", url, events });
  expect(made.status).toBe(200);
});

afterAll(async () => {
  delete process.env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE;
  server.process.kill("SIGTERM");
  await server.ended;
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Creates runs until the server is killed, and returns the ids of those it acknowledged. */
async function createUntilKilled(ms: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const worker = async () => {
    for (;;) {
      const made = await call(server.url, "runs/create", { experiment_id: "0", start_time: 1 }).catch(() => undefined);
      if (made?.status !== 200) return;
      acknowledged.push((made.body as { run: { info: { run_id: string } } }).run.info.run_id);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, worker);
  await sleep(ms);
  const pids = [...descendants(server.process.pid ?? -1).map(({ pid }) => pid), server.process.pid ?? -1];
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended by itself once its server was gone.
    }
  }
  await Promise.all(workers);
  await server.ended;
  return acknowledged;
}

async function allDelivered(runs: readonly string[]): Promise<void> {
  const missing = () => runs.filter((run) => !delivered.has(run)).length;
  for (let i = 0; i < 1000 && missing() > 0; i++) await sleep(100);
  expect(missing()).toBe(0);
  // A repeat has the id of the first, so that a receiver knows it.
  expect(runs.filter((run) => delivered.get(run)?.size !== 1)).toEqual([]);
}

it.each([
  ["answers", false],
  ["is down", true],
])("delivers what was acknowledged before kill -9, while the receiver %s", { timeout: TIMEOUT_MS }, async (_, down) => {
  isDown = down;
  const acknowledged = await createUntilKilled(1500);
  expect(acknowledged.length).toBeGreaterThan(0);
  isDown = false;
  const before = acknowledged.filter((run) => delivered.has(run)).length;
  server = await launch("--data", folder);
  const start = Date.now();
  await allDelivered(acknowledged);
  console.log(
    `${acknowledged.length} acknowledged, ${before} delivered before the kill, all ${Date.now() - start} ms after`,
  );
});
