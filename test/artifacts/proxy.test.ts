import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { R2_PART } from "../../src/limits";

const ROUTE = "http://tidemark/api/2.0/mlflow-artifacts/artifacts";
const at = (path: string) => `${ROUTE}/${path}`;

const put = (path: string, body: BodyInit) => SELF.fetch(at(path), { method: "PUT", body });
const get = (path: string, headers: Record<string, string> = {}) => SELF.fetch(at(path), { headers });
const list = async (path: string) => (await SELF.fetch(`${ROUTE}?path=${encodeURIComponent(path)}`)).json();

/** A body without a declared length. */
const chunked = (...sizes: number[]): ReadableStream<Uint8Array> => {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      const size = sizes[sent++];
      if (size === undefined) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(sent));
    },
  });
};

test("a file comes back as it went in, with what a client needs to know of it", async () => {
  const answer = await put("1/run/artifacts/a/hello.txt", "hello world");
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe("");

  const file = await get("1/run/artifacts/a/hello.txt");
  expect(await file.text()).toBe("hello world");
  expect(Object.fromEntries(file.headers)).toMatchObject({
    "content-type": "text/plain",
    "content-length": "11",
    "content-disposition": "attachment; filename=hello.txt",
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
  });
  expect(file.headers.get("etag")).toMatch(/^"\w+"$/);
  expect(file.headers.get("content-security-policy")).toBeNull();

  const ajax = await SELF.fetch(at("1/run/artifacts/a/hello.txt").replace("/api/", "/ajax-api/"));
  expect(await ajax.text()).toBe("hello world");
});

test("a HEAD gives the size and no body", async () => {
  await put("head/x.bin", "12345");
  const head = await SELF.fetch(at("head/x.bin"), { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe("5");
  expect(await head.text()).toBe("");
  expect((await SELF.fetch(at("head/nope"), { method: "HEAD" })).status).toBe(404);
});

test("overwriting and emptying a file work", async () => {
  await put("over/x.txt", "first");
  await put("over/x.txt", "2nd");
  expect(await (await get("over/x.txt")).text()).toBe("2nd");
  expect((await put("over/x.txt", "")).status).toBe(200);
  const empty = await get("over/x.txt");
  expect([empty.status, await empty.text()]).toEqual([200, ""]);
  expect((await get("over/x.txt", { Range: "bytes=0-0" })).status).toBe(416);
});

test.each([
  ["bytes=0-4", 206, "hello", "bytes 0-4/11"],
  ["bytes=6-", 206, "world", "bytes 6-10/11"],
  ["bytes=-4", 206, "orld", "bytes 7-10/11"],
  ["bytes=-100", 206, "hello world", "bytes 0-10/11"],
  ["bytes=6-100", 206, "world", "bytes 6-10/11"],
  ["bytes=11-", 416, "", "bytes */11"],
  ["bytes=100-200", 416, "", "bytes */11"],
  ["bytes=-0", 416, "", "bytes */11"],
  ["bytes=5-2", 200, "hello world", null],
  ["bytes=0-1,3-4", 200, "hello world", null],
  ["lines=1-2", 200, "hello world", null],
])("range %s answers %i", async (range, status, text, contentRange) => {
  await put("ranges/a.txt", "hello world");
  const answer = await get("ranges/a.txt", { Range: range });
  expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([
    status,
    text,
    contentRange,
  ]);
  if (status === 206) expect(answer.headers.get("content-length")).toBe(String(text.length));
});

test("a range of a missing file is a 404, and If-Range decides whether a range still fits", async () => {
  expect((await get("ranges/nope", { Range: "bytes=0-1" })).status).toBe(404);
  expect((await get("ranges/nope", { Range: "bytes=-0" })).status).toBe(404);
  await put("ranges/if.txt", "old content");
  const old = await get("ranges/if.txt");
  const etag = old.headers.get("etag") ?? "";
  await old.text();
  const same = await get("ranges/if.txt", { Range: "bytes=0-2", "If-Range": etag });
  expect([same.status, await same.text()]).toEqual([206, "old"]);
  await put("ranges/if.txt", "new content");
  const changed = await get("ranges/if.txt", { Range: "bytes=0-2", "If-Range": etag });
  expect([changed.status, await changed.text()]).toEqual([200, "new content"]);
});

test("conditions are answered by 304 and 412", async () => {
  await put("conditions/a.txt", "x");
  const first = await get("conditions/a.txt");
  await first.text();
  const etag = first.headers.get("etag") ?? "";
  const later = new Date(Date.now() + 86_400_000).toUTCString();
  const earlier = new Date(0).toUTCString();
  const status = async (headers: Record<string, string>) => {
    const answer = await get("conditions/a.txt", headers);
    await answer.text();
    return answer.status;
  };
  expect(await status({ "If-None-Match": etag })).toBe(304);
  expect(await status({ "If-None-Match": `W/${etag}` })).toBe(304);
  expect(await status({ "If-None-Match": '"other"' })).toBe(200);
  expect(await status({ "If-Modified-Since": later })).toBe(304);
  expect(await status({ "If-Modified-Since": earlier })).toBe(200);
  expect(await status({ "If-Match": etag })).toBe(200);
  expect(await status({ "If-Match": '"other"' })).toBe(412);
  expect(await status({ "If-Unmodified-Since": earlier })).toBe(412);
});

test("pages and drawings are served without the right to run scripts", async () => {
  for (const name of ["x.html", "x.svg", "x.xhtml"]) {
    await put(`active/${name}`, "<script>alert(1)</script>");
    const answer = await get(`active/${name}`);
    await answer.text();
    expect(answer.headers.get("content-security-policy")).toBe("sandbox");
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename=${name}`);
  }
});

test("names keep their spaces, percent signs, plus signs and alphabets", async () => {
  for (const name of ["sp ace.txt", "100%.txt", "a+b.txt", "日本é.txt", "a?b.txt", "back\\slash.txt"]) {
    expect((await put(`names/${encodeURIComponent(name)}`, name)).status).toBe(200);
    expect(await (await get(`names/${encodeURIComponent(name)}`)).text()).toBe(name);
    expect(await list("names")).toMatchObject({
      files: expect.arrayContaining([expect.objectContaining({ path: name })]),
    });
  }
});

test("missing files, directories and names without a file are told apart", async () => {
  await put("kinds/dir/x", "x");
  const missing = await get("kinds/nope.txt");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({
    error_code: "RESOURCE_DOES_NOT_EXIST",
    message: "No such artifact: 'kinds/nope.txt'",
  });
  for (const path of ["kinds/dir", "kinds/dir/"]) {
    const directory = await get(path);
    expect(directory.status).toBe(400);
    expect(await directory.json()).toEqual({ detail: `Artifact path refers to a directory, not a file: '${path}'` });
  }
  expect(await (await get("")).json()).toEqual({ detail: "Artifact path refers to a directory, not a file: ''" });
  for (const path of ["", "kinds/dir/"]) {
    const nameless = await put(path, "x");
    expect(nameless.status).toBe(400);
    expect(await nameless.json()).toEqual({ detail: "Artifact path must include a filename (cannot end with '/')." });
  }
  const long = await put("n".repeat(1100), "x");
  expect(long.status).toBe(400);
  expect(await long.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
});

test.each(["..%2fx", "%252e%252e%252fx", "a%2f..%2f..%2fb", "%2fetc", "C:%5Cx", "a%23b", "file:%2f%2f%2fetc"])(
  "no verb follows %s",
  async (path) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await SELF.fetch(at(path), { method, ...(method === "PUT" && { body: "x" }) });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE", message: "Invalid path" });
    }
    const listing = await SELF.fetch(`${ROUTE}?path=${path}`);
    expect([listing.status, await listing.json()]).toMatchObject([400, { message: "Invalid path" }]);
  },
);

test("a listing holds names, kinds and sizes of one level, and nothing for files and unknown paths", async () => {
  await put("l/b.txt", "12345");
  await put("l/a/x.txt", "1");
  await put("l/a/y/z.txt", "1");
  await put("l/empty", "");
  await put("lx/other", "1");
  expect(await list("l")).toEqual({
    files: [
      { path: "a", is_dir: true },
      { path: "b.txt", is_dir: false, file_size: 5 },
      { path: "empty", is_dir: false, file_size: 0 },
    ],
  });
  expect(await list("./l//a/")).toEqual({
    files: [
      { path: "x.txt", is_dir: false, file_size: 1 },
      { path: "y", is_dir: true },
    ],
  });
  expect(await list("l/b.txt")).toEqual({});
  expect(await list("nope")).toEqual({});
  expect(await (await SELF.fetch(ROUTE)).json()).toMatchObject({
    files: expect.arrayContaining([{ path: "l", is_dir: true }]),
  });
});

test("listing and deleting go beyond one page of the bucket", async () => {
  for (let i = 0; i < 1100; i += 50) {
    const keys = Array.from({ length: 50 }, (_, j) => `artifacts/many/f${String(i + j).padStart(4, "0")}`);
    await Promise.all(keys.map((key) => env.ARTIFACTS.put(key, "")));
  }
  await env.ARTIFACTS.put("artifacts/many/sub/x", "");
  const { files } = (await list("many")) as { files: { path: string }[] };
  expect(files).toHaveLength(1101);
  expect([files[0]?.path, files[1099]?.path, files[1100]?.path]).toEqual(["f0000", "f1099", "sub"]);
  expect((await SELF.fetch(at("many"), { method: "DELETE" })).status).toBe(200);
  expect(await list("many")).toEqual({});
}, 30_000);

test("deleting takes a file or a tree, not its neighbours, and never everything", async () => {
  for (const path of ["d/x", "d/x.txt", "d/x/y", "dd/x"]) await put(path, "1");
  const answer = await SELF.fetch(at("d/x"), { method: "DELETE" });
  expect([answer.status, await answer.json()]).toEqual([200, {}]);
  expect(await list("d")).toEqual({ files: [{ path: "x.txt", is_dir: false, file_size: 1 }] });
  expect((await SELF.fetch(at("d/nope"), { method: "DELETE" })).status).toBe(200);
  const all = await SELF.fetch(at("%2e"), { method: "DELETE" });
  expect(all.status).not.toBe(200);
  expect(await list("dd")).toMatchObject({ files: [{ path: "x" }] });
});

test("bodies of unknown length arrive whole, in one piece or in parts", async () => {
  const sizes = {
    none: [],
    small: [3, 4],
    exact: [R2_PART],
    twice: [R2_PART, R2_PART],
    large: [R2_PART - 1, 2, R2_PART, 5],
  };
  for (const [name, chunks] of Object.entries(sizes)) {
    expect((await put(`chunked/${name}`, chunked(...chunks))).status).toBe(200);
    const bytes = new Uint8Array(await (await get(`chunked/${name}`)).arrayBuffer());
    expect(bytes.length).toBe(chunks.reduce((a, b) => a + b, 0));
    let offset = 0;
    chunks.forEach((size, i) => {
      expect([bytes[offset], bytes[offset + size - 1]]).toEqual([i + 1, i + 1]);
      offset += size;
    });
  }
}, 30_000);
