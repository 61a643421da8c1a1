/** Removing for good under `npm start`: who may ask for it, a crash in the middle, and the launcher's own clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { collectRegularly } from "../../cli/gc.cjs";
import { descendants, type Launched, launch } from "./launcher.ts";

const TOKEN = "only-for-this-test";

let folder: string;
let server: Launched;

beforeAll(async () => {
  vi.stubEnv("TIDEMARK_ADMIN_TOKEN", TOKEN);
  folder = mkdtempSync(join(tmpdir(), "tidemark-gc-"));
  server = await launch("--data", folder);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  server.process.kill("SIGTERM");
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function send(path: string, body: object, token?: string): Promise<[number, Record<string, unknown>]> {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return [answer.status, (await answer.json()) as Record<string, unknown>];
}

const gc = (token?: string) => send("/api/2.0/tidemark/gc", { older_than: "0s" }, token);

const api = async (path: string, body: object) => {
  const [status, answer] = await send(`/api/2.0/mlflow/${path}`, body);
  expect([path, status]).toEqual([path, 200]);
  return answer;
};

const statusOf = async (run: string) => (await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run}`)).status;

/** An experiment with runs that have metrics and a file each. */
async function experimentWithRuns(count: number): Promise<{ experiment: string; runs: string[] }> {
  const { experiment_id } = await api("experiments/create", { name: crypto.randomUUID() });
  const experiment = String(experiment_id);
  const runs: string[] = [];
  for (let i = 0; i < count; i++) {
    const { run } = (await api("runs/create", { experiment_id })) as { run: { info: { run_id: string } } };
    const { run_id } = run.info;
    const metrics = Array.from({ length: 20 }, (_, step) => ({ key: "x", value: step, timestamp: step, step }));
    await api("runs/log-batch", { run_id, metrics, params: [{ key: "p", value: "1" }] });
    const file = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run_id}/artifacts/a.txt`;
    await fetch(server.url + file, { method: "PUT", body: "a" });
    runs.push(run_id);
  }
  return { experiment, runs };
}

it("is for the administrator alone", async () => {
  expect((await gc())[0]).toBe(401);
  expect((await gc("another"))[0]).toBe(401);
  expect(await gc(TOKEN)).toMatchObject([200, { done: true }]);
});

it("goes on after the server was killed in the middle", async () => {
  const gone = await experimentWithRuns(60);
  const kept = await experimentWithRuns(2);
  await api("experiments/delete", { experiment_id: gone.experiment });
  const interrupted = gc(TOKEN).catch(() => undefined);
  await new Promise((wait) => setTimeout(wait, 60));
  for (const { pid } of [{ pid: server.process.pid ?? 0 }, ...descendants(server.process.pid ?? 0)]) {
    process.kill(pid, "SIGKILL");
  }
  await Promise.all([interrupted, server.ended]);

  server = await launch("--data", folder);
  for (;;) {
    const [status, { done }] = await gc(TOKEN);
    expect(status).toBe(200);
    if (done) break;
  }
  expect(await gc(TOKEN)).toEqual([
    200,
    { removed: { experiments: 0, runs: 0, logged_models: 0, files: 0 }, done: true },
  ]);
  for (const run of gone.runs) expect(await statusOf(run)).toBe(404);
  for (const run of kept.runs) expect(await statusOf(run)).toBe(200);
  const files = await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts?path=${gone.experiment}`);
  expect(await files.json()).toEqual({});
});

it("the launcher calls until there is no more to do, and again after a while", async () => {
  const calls: (string | undefined)[] = [];
  const worker = createServer((request, response) => {
    calls.push(request.headers.authorization);
    if (calls.length === 3) response.writeHead(400);
    response.end(calls.length === 3 ? '{"message": "no"}' : JSON.stringify({ done: calls.length !== 1 }));
  });
  await new Promise<void>((listening) => worker.listen(0, "127.0.0.1", listening));
  const { port } = worker.address() as AddressInfo;
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const end = collectRegularly({ addresses: ["127.0.0.1"], port, url: `http://localhost:${port}` }, "secret", {
    first: 1,
    period: 20,
  });
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(3), 5_000);
  expect(new Set(calls)).toEqual(new Set(["Bearer secret"]));
  expect(said).toHaveBeenCalledWith("tidemark: removing what was deleted failed: no\n");
  end();
  said.mockRestore();
  worker.close();
});
