import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { widenBucket } from "../../cli/local-bucket.ts";
import { type Launched, launch } from "./launcher.ts";

const ROUTE = "/api/2.0/mlflow-artifacts/artifacts";
const PART = 5 * 1024 * 1024;
let folder: string;
let server: Launched;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-uploads-"));
  server = await launch("--data", folder);
});

afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

const blobs = () =>
  readdirSync(join(folder, "r2"), { recursive: true }).filter((name) => /blobs.[0-9a-f]+$/.test(`${name}`));

it("knows the local bucket of the installed Miniflare, and changes it in place", () => {
  const miniflare = dirname(createRequire(import.meta.url).resolve("miniflare"));
  const script = readFileSync(join(miniflare, "workers", "r2", "bucket.worker.js"));
  const { length } = script;
  expect(widenBucket(script)).toBe(true);
  expect(script).toHaveLength(length);
  expect(widenBucket(script)).toBe(false);
  expect(
    widenBucket(Buffer.from("var DigestingStream = class extends TransformStream {}, validate = new Validator()")),
  ).toBe(false);
});

it.each([0, 1, 524_287, 524_288, 524_289, 7_000_000])(
  "keeps %i bytes as they are, with their MD5 as ETag",
  async (size) => {
    const body = randomBytes(size);
    const url = `${server.url}${ROUTE}/0/${size}.bin`;
    expect((await fetch(url, { method: "PUT", body })).status).toBe(200);
    const got = await fetch(url);
    expect(got.headers.get("ETag")).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    expect(Buffer.from(await got.arrayBuffer()).equals(body)).toBe(true);
  },
);

it("puts parts together, for ranges across them too", async () => {
  const body = randomBytes(11 * 1024 * 1024);
  const post = async (step: string, fields: object) => {
    const answer = await fetch(`${server.url}/api/2.0/mlflow-artifacts/mpu/${step}/0`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "parts.bin", ...fields }),
    });
    return (await answer.json()) as { upload_id: string; credentials: { url: string; part_number: number }[] };
  };
  const { upload_id, credentials } = await post("create", { num_parts: 3 });
  const parts = [];
  for (const { url, part_number } of credentials) {
    const piece = body.subarray((part_number - 1) * PART, part_number * PART);
    const { headers } = await fetch(url, { method: "PUT", body: piece });
    parts.push({ part_number, etag: headers.get("ETag") });
  }
  await post("complete", { upload_id, parts });
  for (const [from, to] of [
    [0, body.length],
    [PART - 10, PART + 10],
    [PART - 10, 2 * PART + 10],
    [2 * PART, body.length],
  ] as const) {
    const got = await fetch(`${server.url}${ROUTE}/0/parts.bin`, { headers: { Range: `bytes=${from}-${to - 1}` } });
    expect(Buffer.from(await got.arrayBuffer()).equals(body.subarray(from, to))).toBe(true);
  }
});

it("shows nothing of an upload cut off half-way, and keeps nothing of it past the next start", async () => {
  const before = blobs().length;
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`PUT ${ROUTE}/0/cut.bin HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 9000000\r\n\r\n`);
  socket.write(randomBytes(4_000_000));
  await sleep(500);
  socket.destroy();
  await sleep(500);
  expect((await fetch(`${server.url}${ROUTE}/0/cut.bin`)).status).toBe(404);
  server.process.kill("SIGTERM");
  await server.ended;
  server = await launch("--data", folder);
  expect(blobs()).toHaveLength(before);
  for (const [name, size] of [
    ["7000000.bin", 7_000_000],
    ["parts.bin", 11 * 1024 * 1024],
  ] as const) {
    expect((await (await fetch(`${server.url}${ROUTE}/0/${name}`)).arrayBuffer()).byteLength).toBe(size);
  }
});
