import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";

const HOST = "http://tidemark";
const RUN = "a".repeat(32);
const ROOT = `mlflow-artifacts:/0/${RUN}/artifacts`;

const addRun = (id: string, uri: string) =>
  env.DB.prepare(
    "INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri) VALUES (?, '0', 'n', '', 'RUNNING', 1, ?)",
  )
    .bind(id, uri)
    .run();

beforeAll(async () => {
  await addRun(RUN, ROOT);
  await addRun("foreign", "s3://bucket/0/foreign/artifacts");
  for (const name of ["MLmodel", "sub/x.json", "page.html"]) {
    await SELF.fetch(`${HOST}/api/2.0/mlflow-artifacts/artifacts/0/${RUN}/artifacts/${name}`, {
      method: "PUT",
      body: "hi",
    });
  }
});

const list = async (query: string) => {
  const answer = await SELF.fetch(`${HOST}/api/2.0/mlflow/artifacts/list?${query}`);
  return [answer.status, await answer.json()];
};

test("a run's artifacts are listed relative to it", async () => {
  expect(await list(`run_id=${RUN}`)).toEqual([
    200,
    {
      root_uri: ROOT,
      files: [
        { path: "MLmodel", is_dir: false, file_size: 2 },
        { path: "page.html", is_dir: false, file_size: 2 },
        { path: "sub", is_dir: true },
      ],
    },
  ]);
  const inSub = [200, { root_uri: ROOT, files: [{ path: "sub/x.json", is_dir: false, file_size: 2 }] }];
  for (const path of ["sub", "sub/", "./sub", "%2573ub"])
    expect(await list(`run_id=${RUN}&path=${path}`)).toEqual(inSub);
  for (const path of ["MLmodel", "nope"])
    expect(await list(`run_id=${RUN}&path=${path}`)).toEqual([200, { root_uri: ROOT }]);
});

test.each([
  [
    "",
    400,
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
  ],
  ["run_id=nope", 404, "Run with id=nope not found"],
  [`run_id=${RUN}&path=..`, 400, "Invalid path"],
  [`run_id=${RUN}&path=%252e%252e`, 400, "Invalid path"],
  [`run_id=${RUN}&path=/sub`, 400, "Invalid path"],
  [
    "run_id=foreign",
    501,
    "The artifacts under 's3://bucket/0/foreign/artifacts' are not kept by this server. It serves artifacts under 'mlflow-artifacts:' only.",
  ],
])("list?%s is a %i", async (query, status, message) => {
  expect(await list(query)).toMatchObject([status, { message }]);
});

test("get-artifact sends a run's file", async () => {
  for (const id of ["run_id", "run_uuid"]) {
    const answer = await SELF.fetch(`${HOST}/get-artifact?${id}=${RUN}&path=sub/x.json`);
    expect(await answer.text()).toBe("hi");
    expect(answer.headers.get("content-disposition")).toBe("attachment; filename=x.json");
  }
  const part = await SELF.fetch(`${HOST}/get-artifact?run_id=${RUN}&path=MLmodel`, { headers: { Range: "bytes=1-" } });
  expect([part.status, await part.text()]).toEqual([206, "i"]);
});

test.each([
  [`run_id=${RUN}`, 400, "Request must specify path."],
  [`run_id=${RUN}&path=nope`, 404, `No such artifact: '0/${RUN}/artifacts/nope'`],
  [`run_id=${RUN}&path=sub`, 400, `Artifact path refers to a directory, not a file: '0/${RUN}/artifacts/sub'`],
  [`run_id=${RUN}&path=../x`, 400, "Invalid path"],
  ["path=x", 404, "Run with id=None not found"],
  ["run_id=nope&path=x", 404, "Run with id=nope not found"],
])("get-artifact?%s is a %i", async (query, status, message) => {
  const answer = await SELF.fetch(`${HOST}/get-artifact?${query}`);
  expect([answer.status, await answer.json()]).toMatchObject([status, { message }]);
});

const upload = (query: string, body: BodyInit | null) =>
  SELF.fetch(`${HOST}/ajax-api/2.0/mlflow/upload-artifact${query}`, { method: "POST", body });

test("the page uploads from one byte to ten megabytes", async () => {
  for (const size of [1, 10 * 1024 * 1024]) {
    const answer = await upload(`?run_uuid=${RUN}&path=up/a.bin`, new Uint8Array(size));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await list(`run_id=${RUN}&path=up`)).toMatchObject([
      200,
      { files: [{ path: "up/a.bin", file_size: size }] },
    ]);
  }
});

test.each([
  ["", "x", 400, "Request must specify run_uuid."],
  [`?run_uuid=${RUN}`, "x", 400, "Request must specify path."],
  [`?run_uuid=${RUN}&path=a`, null, 400, "Request must specify data."],
  [
    `?run_uuid=${RUN}&path=a`,
    new Uint8Array(10 * 1024 * 1024 + 1),
    400,
    "Artifact size is too large. Max size is 10MB.",
  ],
  [`?run_uuid=${RUN}&path=../a`, "x", 400, "Invalid path"],
  [`?run_uuid=${RUN}&path=up/`, "x", 400, "Invalid path"],
  ["?run_uuid=nope&path=a", "x", 404, "Run with id=nope not found"],
])("upload-artifact%s is refused (%#)", async (query, body, status, message) => {
  const answer = await upload(query, body);
  expect([answer.status, await answer.json()]).toMatchObject([status, { message }]);
});
