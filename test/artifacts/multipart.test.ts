import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { createApp } from "../../src/app";
import { importKey, newKey, seal, unseal } from "../../src/artifacts/grants";
import { dropOldUploads } from "../../src/artifacts/multipart";
import { localName } from "../../src/artifacts/paths";
import { putFile } from "../../src/artifacts/store";
import { database } from "../../src/db/client";
import { R2_MIN_PART, UPLOAD_MAX_AGE_MS } from "../../src/limits";

// Several move tens of megabytes.
vi.setConfig({ testTimeout: 30_000 });

const HOST = "http://tidemark";
const API = `${HOST}/api/2.0/mlflow-artifacts`;
const MiB = 1024 * 1024;

interface Created {
  upload_id: string;
  credentials: { url: string; part_number: number; headers: Record<string, string> }[];
}

const post = (path: string, body: unknown) =>
  SELF.fetch(`${API}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
const create = async (directory: string, path: string, num_parts?: number): Promise<Created> =>
  (await post(`mpu/create/${directory}`, { path, ...(num_parts && { num_parts }) })).json();
const get = (path: string) => SELF.fetch(`${API}/artifacts/${path}`);
const open = async () => (await env.DB.prepare("SELECT upload_id FROM open_uploads ORDER BY start_time").all()).results;
const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);

/** Sends parts of these sizes and returns them as a client names them. */
async function send({ credentials }: Created, sizes: number[]) {
  return Promise.all(
    sizes.map(async (size, i) => {
      const { url = "", part_number = 0 } = credentials[i] ?? {};
      const answer = await SELF.fetch(url, { method: "PUT", body: filled(size, i + 1) });
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
      return { part_number, etag: answer.headers.get("ETag") ?? "", url };
    }),
  );
}

test("a file goes up in parts, is seen when complete, and completing it again changes nothing", async () => {
  const created = await create("1/r/artifacts/d%20e", "/home/me/big ü.bin", 3);
  expect(created.credentials.map((one) => one.part_number)).toEqual([1, 2, 3]);
  const parts = await send(created, [5 * MiB, 5 * MiB, 7]);
  expect((await get("1/r/artifacts/d%20e/big%20%C3%BC.bin")).status).toBe(404);
  expect(await (await SELF.fetch(`${API}/artifacts?path=1/r/artifacts`)).json()).toEqual({});
  const end = { path: "/home/me/big ü.bin", upload_id: created.upload_id, parts: parts.toReversed() };
  for (const _ of [1, 2]) {
    const answer = await post("mpu/complete/1/r/artifacts/d%20e", end);
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  }
  const got = new Uint8Array(await (await get("1/r/artifacts/d%20e/big%20%C3%BC.bin")).arrayBuffer());
  expect(got).toHaveLength(10 * MiB + 7);
  expect([got[0], got[5 * MiB], got[10 * MiB]]).toEqual([1, 2, 3]);
  expect(await open()).toEqual([]);
});

test("an upload in one small part is fine, and num_parts may be left out", async () => {
  const created = await create("one", "a.txt");
  const parts = await send(created, [3]);
  expect((await post("mpu/complete/one", { path: "a.txt", upload_id: created.upload_id, parts })).status).toBe(200);
  const got = await get("one/a.txt");
  expect([got.headers.get("Content-Type"), await got.text()]).toEqual(["text/plain", "\x01\x01\x01"]);
});

test("an aborted upload leaves nothing, and may be aborted again", async () => {
  const created = await create("gone", "x.bin", 2);
  await send(created, [5 * MiB]);
  for (const _ of [1, 2]) {
    const answer = await post("mpu/abort/gone", { path: "x.bin", upload_id: created.upload_id });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  }
  expect(await open()).toEqual([]);
  const late = await SELF.fetch(created.credentials[1]?.url ?? "", { method: "PUT", body: "late" });
  expect([late.status, await late.json()]).toMatchObject([404, { error_code: "RESOURCE_DOES_NOT_EXIST" }]);
});

test("wrong parts are the caller's mistake, and name the setting that helps", async () => {
  const created = await create("wrong", "x.bin", 3);
  const small = await SELF.fetch(created.credentials[0]?.url ?? "", {
    method: "PUT",
    body: filled(R2_MIN_PART - 1, 1),
  });
  expect([small.status, await small.json()]).toMatchObject([
    400,
    { message: expect.stringContaining("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE") },
  ]);
  const parts = await send(created, [5 * MiB, 6 * MiB, 1]);
  const complete = (body: object) =>
    post("mpu/complete/wrong", { path: "x.bin", upload_id: created.upload_id, parts, ...body });
  expect((await complete({})).status).toBe(400);
  expect((await complete({ parts: [{ part_number: 1, etag: "nobody's" }] })).status).toBe(400);
  expect((await complete({ parts: [] })).status).toBe(400);
  expect((await complete({ upload_id: "nobody" })).status).toBe(404);
  expect((await complete({ path: "y.bin" })).status).toBe(404);
  expect((await get("wrong/x.bin")).status).toBe(404);
  for (const part of ["0", "4", "x", "1.5"]) {
    const url = created.credentials[0]?.url.replace(/1$/, part) ?? "";
    expect((await SELF.fetch(url, { method: "PUT", body: "x" })).status).toBe(400);
  }
  expect((await post("mpu/abort/wrong", { path: "x.bin", upload_id: created.upload_id })).status).toBe(200);
});

test.each([
  ["a", { path: "x", num_parts: 0 }],
  ["a", { path: "x", num_parts: 10_001 }],
  ["a", {}],
  ["a", { path: "dir/" }],
  ["a", { path: ".." }],
  ["a", { path: "%2e%2e" }],
  ["a", { path: "a%2Fb" }],
  ["..%2fa", { path: "x" }],
  ["a/%252e%252e/b", { path: "x" }],
])("refuses to begin %s with %j", async (directory, body) => {
  expect((await post(`mpu/create/${directory}`, body)).status).toBe(400);
  expect(await open()).toEqual([]);
});

test.each([
  ["/a/b/c.txt", "c.txt"],
  ["c.txt", "c.txt"],
  ["C:\\dir\\c.txt", "c.txt"],
  ["\\\\host\\share\\c.txt", "c.txt"],
  ["/a/back\\slash", "back\\slash"],
  ["/a/100%25.txt", "100%.txt"],
])("the name of %j is %j", (path, name) => {
  expect(localName(path)).toBe(name);
});

test("uploads without an end are swept after a day, others stay", async () => {
  const now = Date.now();
  const uploads = { bucket: env.ARTIFACTS, db: database(env.DB) };
  const old = await create("sweep", "old.bin", 2);
  await send(old, [5 * MiB]);
  const done = await create("sweep", "done.bin", 1);
  const parts = await send(done, [10]);
  // As if the Worker had ended between completing the upload and taking it off the list.
  await env.ARTIFACTS.resumeMultipartUpload("artifacts/sweep/done.bin", done.upload_id.split(".")[1] ?? "").complete(
    parts.map(({ part_number, etag }) => ({ partNumber: part_number, etag: etag.replaceAll('"', "") })),
  );
  await env.DB.prepare("UPDATE open_uploads SET start_time = ?")
    .bind(now - UPLOAD_MAX_AGE_MS - 1)
    .run();
  const young = await create("sweep", "young.bin", 1);
  expect(await dropOldUploads(uploads, now)).toBe(2);
  expect(await open()).toEqual([{ upload_id: young.upload_id }]);
  expect((await get("sweep/old.bin")).status).toBe(404);
  expect(await (await get("sweep/done.bin")).text()).toHaveLength(10);
  expect(await dropOldUploads(uploads, now)).toBe(0);
  const plan = await env.DB.prepare("EXPLAIN QUERY PLAN SELECT * FROM open_uploads WHERE start_time < 1").all();
  expect(JSON.stringify(plan.results)).toContain("open_uploads_by_start");
  await post("mpu/abort/sweep", { path: "young.bin", upload_id: young.upload_id });
});

test("a body of unknown length that turns out wrong leaves no upload", async () => {
  const uploads = { bucket: env.ARTIFACTS, db: database(env.DB) };
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const stored = putFile(uploads, "cut/x.bin", readable, undefined);
  const failed = expect(stored).rejects.toThrow("cut off");
  for (let i = 0; i < 20; i++) await writer.write(filled(MiB, 1));
  expect(await open()).toHaveLength(1);
  await writer.abort(new Error("cut off"));
  await failed;
  expect((await get("cut/x.bin")).status).toBe(404);
  expect(await open()).toEqual([]);
});

test("a presigned download reads the file, in ranges too, and nothing else", async () => {
  await SELF.fetch(`${API}/artifacts/pre/a%20b.html`, { method: "PUT", body: "hello world" });
  const answer = await SELF.fetch(`${API}/presigned/pre/a%20b.html`);
  const { url, headers, file_size } = await answer.json<{ url: string; headers: object; file_size: number }>();
  expect([headers, file_size]).toEqual([{}, 11]);
  const range = await SELF.fetch(url, { headers: { Range: "bytes=6-10" } });
  expect([range.status, await range.text()]).toEqual([206, "world"]);
  expect(range.headers.get("Content-Security-Policy")).toBe("sandbox");
  expect((await SELF.fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
  expect((await SELF.fetch(`${url}/1`, { method: "PUT", body: "x" })).status).toBe(403);
  for (const missing of ["pre/nope", "pre"]) expect((await SELF.fetch(`${API}/presigned/${missing}`)).status).toBe(404);
  expect((await SELF.fetch(`${API}/presigned/..%2fx`)).status).toBe(400);
});

test("runs' presigned addresses carry a file up and down", async () => {
  const run = "b".repeat(32);
  await env.DB.prepare(
    "INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri) VALUES (?, '0', 'n', '', 'RUNNING', 1, ?)",
  )
    .bind(run, `mlflow-artifacts:/0/${run}/artifacts`)
    .run();
  const ask = async (which: string, body: object) => {
    const answer = await SELF.fetch(`${HOST}/api/2.0/mlflow/artifacts/presigned-${which}-url`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...(await answer.json<{ presigned_url: string; message?: string }>()) };
  };
  const up = await ask("upload", { run_id: run, path: "d/x.txt" });
  expect((await SELF.fetch(up.presigned_url, { method: "PUT", body: "by address" })).status).toBe(200);
  const down = await ask("download", { run_id: run, path: "d/x.txt", expiration: 60 });
  expect(down).toMatchObject({ file_size: 10 });
  expect(await (await SELF.fetch(down.presigned_url)).text()).toBe("by address");
  expect((await SELF.fetch(up.presigned_url)).status).toBe(403);
  expect(await ask("upload", { run_id: run, model_id: "m-1", path: "x" })).toMatchObject({
    status: 400,
    message: "Exactly one of run_id and model_id must be provided.",
  });
  expect(await ask("upload", { run_id: run, path: "d/" })).toMatchObject({ status: 400 });
  expect(await ask("upload", { model_id: "m-nope", path: "x" })).toMatchObject({ status: 404 });
  expect(await ask("download", { run_id: run, path: "nope" })).toMatchObject({ status: 404 });
  expect(await ask("download", { run_id: run, path: "x", expiration: 604_801 })).toMatchObject({
    message: "expiration must be between 1 and 604800 seconds (got 604801).",
  });
});

test("grants end, and can't be changed, made up or used with another key", async () => {
  const key = await importKey(newKey());
  const text = await seal(key, { may: "get", path: "a/é", until: 1000 });
  expect(await unseal(key, text, 999)).toEqual({ may: "get", path: "a/é", until: 1000 });
  await expect(unseal(key, text, 1000)).rejects.toMatchObject({ status: 403 });
  await expect(unseal(await importKey(newKey()), text, 1)).rejects.toMatchObject({ status: 403 });
  const forged = new TextEncoder().encode('{"may":"get","path":"b","until":9e15}').toBase64({ alphabet: "base64url" });
  for (const bad of ["", ".", "x", `${text}.`, `${text}A`, `${forged}.${text.split(".")[1]}`, "é.é"]) {
    await expect(unseal(key, bad, 1)).rejects.toMatchObject({ status: 403 });
  }
});

const withEnv = (path: string, extra: object, init?: RequestInit) =>
  createApp().request(`${API}/${path}`, init, { ...env, ...extra }, createExecutionContext());

test("with R2's credentials the addresses are R2's own", async () => {
  const credentials = {
    TIDEMARK_R2_BUCKET_URL: "https://account.r2.cloudflarestorage.com/bucket/",
    TIDEMARK_R2_ACCESS_KEY_ID: "id",
    TIDEMARK_R2_SECRET_ACCESS_KEY: "secret",
  };
  await env.ARTIFACTS.put("artifacts/s3/a +é.txt", "x");
  const down = await (await withEnv("presigned/s3/a%20%2B%C3%A9.txt", credentials)).json<{ url: string }>();
  const url = new URL(down.url);
  expect(`${url.origin}${url.pathname}`).toBe(
    "https://account.r2.cloudflarestorage.com/bucket/artifacts/s3/a%20%2B%C3%A9.txt",
  );
  expect(url.searchParams.get("X-Amz-Expires")).toBe("300");
  expect(url.searchParams.get("X-Amz-Signature")).toMatch(/^[0-9a-f]{64}$/);
  expect(url.searchParams.get("response-content-disposition")).toMatch(/^attachment/);
  const created = await (
    await withEnv("mpu/create/s3", credentials, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "x.bin", num_parts: 2 }),
    })
  ).json<Created>();
  const part = new URL(created.credentials[1]?.url ?? "");
  expect(part.searchParams.get("partNumber")).toBe("2");
  expect(created.upload_id.endsWith(`.${part.searchParams.get("uploadId")}`)).toBe(true);
  expect((await post("mpu/abort/s3", { path: "x.bin", upload_id: created.upload_id })).status).toBe(200);
});

test("a body over the limit is refused with the settings that help; the public address may be set", async () => {
  const put = (extra: object, headers: Record<string, string>) =>
    withEnv("artifacts/limit/x", extra, { method: "PUT", body: "x".repeat(100), headers });
  const refused = await put({ TIDEMARK_MAX_BODY: "99" }, { "Content-Length": "100" });
  expect([refused.status, await refused.json()]).toMatchObject([
    413,
    {
      message: expect.stringMatching(
        /^The body has 100 bytes, and one request may carry 99\. .*MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true and MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=99 /,
      ),
    },
  ]);
  expect((await put({ TIDEMARK_MAX_BODY: "100" }, { "Content-Length": "100" })).status).toBe(200);
  const hosted = await put({}, { "Content-Length": "100000001", "CF-Ray": "1" });
  expect(hosted.status).toBe(413);
  const presigned = async (extra: object, headers: Record<string, string> = {}) =>
    (await (await withEnv("presigned/limit/x", extra, { headers })).json<{ url: string }>()).url;
  expect(await presigned({ TIDEMARK_PUBLIC_URL: "https://t.example/" })).toMatch(/^https:\/\/t\.example\/api\/2\.0\//);
  expect(await presigned({}, { "X-Forwarded-Proto": "https" })).toMatch(/^https:\/\/tidemark\/api/);
});
