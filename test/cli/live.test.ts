import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Launched, launch } from "./launcher.ts";

let folder: string;
let server: Launched;
let run: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-live-"));
  server = await launch("--data", folder);
  const { experiment_id } = await post<{ experiment_id: string }>("experiments/create", { name: "watched" });
  const created = await post<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id });
  run = created.run.info.run_id;
});

afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, request);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

const log = (step: number) =>
  post("runs/log-metric", { run_id: run, key: "loss", value: step / 4, timestamp: 5, step });

const live = () => `${server.url}/api/2.0/tidemark/runs/${run}/live`;

interface Message {
  type: string;
  status?: string;
  keys?: { loss?: [number, number, number][] };
}

it("shows a point that was acknowledged on a real socket, every one once and in order, and the end after them", async () => {
  const socket = new WebSocket(live().replace("http", "ws"));
  const messages: Message[] = [];
  const steps = () => messages.flatMap((m) => m.keys?.loss ?? []).map(([step]) => step);
  socket.addEventListener("message", ({ data }) => messages.push(JSON.parse(String(data)) as Message));
  await expect.poll(() => messages.length).toBe(1);
  for (let step = 0; step < 5; step++) {
    await log(step);
    await expect.poll(steps).toContain(step);
  }
  for (let step = 5; step < 50; step++) await log(step);
  await post("runs/update", { run_id: run, status: "FINISHED" });
  await expect.poll(() => messages.at(-1)?.status).toBe("FINISHED");
  expect(steps()).toEqual(Array.from({ length: 50 }, (_, i) => i));
  socket.close();
});

it("shows it as an event, too, and notices when nobody reads any more", async () => {
  const gone = new AbortController();
  const answer = await fetch(`${live()}?from_step=49`, { signal: gone.signal });
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (part: string) => {
    while (!text.includes(part)) text += (await reader.read()).value;
  };
  await until('"loss":[[49,5,12.25]]');
  await log(50);
  await until('"loss":[[50,5,12.5]]');
  gone.abort();
  await log(51);
  expect(server.output()).not.toMatch(/error/i);
});

it("answers as any other call where there is nothing to watch", async () => {
  const answer = await fetch(live().replace(run, "none"));
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error_code: "RESOURCE_DOES_NOT_EXIST" });
});

it("sends its viewers away when it stops, and does not wait for them", async () => {
  const socket = new WebSocket(live().replace("http", "ws"));
  const feed = new WebSocket(`${server.url.replace("http", "ws")}/api/2.0/tidemark/experiments/1/feed`);
  const codes: number[] = [];
  for (const one of [socket, feed]) one.addEventListener("close", ({ code }) => codes.push(code));
  for (const one of [socket, feed]) await expect.poll(() => one.readyState).toBe(WebSocket.OPEN);
  const events = await fetch(live());
  const began = Date.now();
  server.process.kill("SIGTERM");
  expect(await events.text()).toContain("retry:");
  expect(await server.ended).toBe(0);
  expect(Date.now() - began).toBeLessThan(5000);
  expect(codes).toEqual([1001, 1001]);
});
