import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { modelMetricWrites } from "../../src/models/model-metrics";
import { makeRun } from "../metrics/helpers";

const HOST = "http://tidemark";
const API = `${HOST}/api/2.0/mlflow/logged-models`;

type Json = Record<string, unknown>;
interface Model {
  info: Json & { model_id: string; name: string; last_updated_timestamp_ms: number };
  data: Json;
}

async function call(method: string, path: string, body?: Json): Promise<[number, Json]> {
  const answer = await SELF.fetch(API + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  return [answer.status, await answer.json()];
}

async function create(body: Json): Promise<Model> {
  const [status, answer] = await call("POST", "", body);
  expect(status).toBe(200);
  return answer.model as Model;
}

const experiment = (id: string, stage = "active", location = `mlflow-artifacts:/${id}`) =>
  env.DB.prepare(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (?1, 'e' || ?1, ?3, ?2, 1, 1)`,
  )
    .bind(id, stage, location)
    .run();

beforeAll(async () => {
  await makeRun("run");
  for (const id of ["1", "2", "3"]) await experiment(id);
  await experiment("8", "active", "mlflow-artifacts:/elsewhere/");
  await experiment("9", "deleted");
});

test("a model is created pending, finalized, read and deleted", async () => {
  const created = await create({
    experiment_id: "1",
    name: "m",
    source_run_id: "r",
    model_type: "Agent",
    params: [{ key: "z", value: "1" }, { key: "a" }],
    tags: [
      { key: "z", value: "1" },
      { key: "a", value: "" },
    ],
  });
  const { model_id: id, creation_timestamp_ms: time } = created.info;
  expect(id).toMatch(/^m-[0-9a-f]{32}$/);
  expect(created).toEqual({
    info: {
      model_id: id,
      experiment_id: "1",
      name: "m",
      creation_timestamp_ms: time,
      last_updated_timestamp_ms: time,
      artifact_uri: `mlflow-artifacts:/1/models/${id}/artifacts`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "Agent",
      source_run_id: "r",
      tags: [
        { key: "a", value: "" },
        { key: "z", value: "1" },
      ],
    },
    data: {
      params: [
        { key: "a", value: "" },
        { key: "z", value: "1" },
      ],
    },
  });
  expect(await call("GET", `/${id}`)).toEqual([200, { model: created }]);

  const [, final] = await call("PATCH", `/${id}`, { model_id: id, status: "LOGGED_MODEL_READY" });
  expect(final).toMatchObject({ model: { info: { status: "LOGGED_MODEL_READY" }, data: created.data } });
  expect((final.model as Model).info.last_updated_timestamp_ms).toBeGreaterThanOrEqual(time as number);

  expect(await call("DELETE", `/${id}`)).toEqual([200, {}]);
  expect(await call("DELETE", `/${id}`)).toEqual([200, {}]);
  expect(await call("GET", `/${id}`)).toMatchObject([404, { message: `Logged model with ID '${id}' not found.` }]);
  expect(await call("GET", `/${id}?allow_deleted=True`)).toMatchObject([200, { model: { info: { model_id: id } } }]);
});

test("a name is given where none was, and the location's closing slash is not doubled", async () => {
  for (const body of [{ experiment_id: "8" }, { experiment_id: "8", name: "" }]) {
    const { info, data } = await create(body);
    expect(info.name).not.toBe("");
    expect(info.artifact_uri).toBe(`mlflow-artifacts:/elsewhere/models/${info.model_id}/artifacts`);
    expect([info.model_type, info.source_run_id, data]).toEqual(["", "", {}]);
  }
});

test.each([
  [
    {},
    400,
    "Missing value for required parameter 'experiment_id'. See the API docs for more information about request parameters.",
  ],
  [{ experiment_id: "404" }, 404, "No Experiment with id=404 exists"],
  [{ experiment_id: "abc" }, 400, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."],
  [{ experiment_id: "9" }, 400, "The experiment 9 must be in the 'active' state. Current state is deleted."],
  [
    { experiment_id: "1", params: [{ key: "a" }, { key: "a" }] },
    400,
    "Duplicate key 'a' among the params of a logged model.",
  ],
  [
    { experiment_id: "1", tags: [{ key: "a" }, { key: "a" }] },
    400,
    "Duplicate key 'a' among the tags of a logged model.",
  ],
  ...["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"].map((name): [Json, number, string] => [
    { experiment_id: "1", name },
    400,
    `Invalid model name (${name.includes("'") ? `"${name}"` : `'${name}'`}) provided. Model name must be a non-empty string ` +
      `and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
  ]),
])("creating %j is refused", async (body, status, message) => {
  expect(await call("POST", "", body)).toMatchObject([status, { message }]);
});

test.each([
  ["GET", "/m-nope", undefined],
  ["PATCH", "/m-nope", { model_id: "m-nope", status: "LOGGED_MODEL_READY" }],
  ["DELETE", "/m-nope", undefined],
  ["PATCH", "/m-nope/tags", { tags: [{ key: "a", value: "b" }] }],
  ["PATCH", "/m-nope/tags", {}],
  ["DELETE", "/m-nope/tags/a", undefined],
  ["POST", "/m-nope/params", { model_id: "m-nope", params: [{ key: "a", value: "b" }] }],
  ["GET", "/m-nope/artifacts/directories", undefined],
])("%s %s is a 404", async (method, path, body) => {
  expect(await call(method, path, body)).toMatchObject([
    404,
    { error_code: "RESOURCE_DOES_NOT_EXIST", message: "Logged model with ID 'm-nope' not found." },
  ]);
});

test("finalizing wants the same id twice and a status", async () => {
  const { info } = await create({ experiment_id: "1", name: "f" });
  const id = info.model_id;
  const missing = (name: string) =>
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`;
  expect(await call("PATCH", `/${id}`, { status: "LOGGED_MODEL_READY" })).toMatchObject([
    400,
    { message: missing("model_id") },
  ]);
  expect(await call("PATCH", `/${id}`, { model_id: id })).toMatchObject([400, { message: missing("status") }]);
  expect(await call("PATCH", "/m-other", { model_id: id, status: "LOGGED_MODEL_READY" })).toMatchObject([400, {}]);
  expect(await call("PATCH", `/${id}`, { model_id: id, status: 3 })).toMatchObject([
    200,
    { model: { info: { status: "LOGGED_MODEL_UPLOAD_FAILED" } } },
  ]);
});

test("tags are set, overwritten, the last of a request counting, and deleted", async () => {
  const { info } = await create({ experiment_id: "1", name: "t", tags: [{ key: "a", value: "old" }] });
  const id = info.model_id;
  const tags = [
    { key: "a", value: "new" },
    { key: "d", value: "1" },
    { key: "d", value: "2" },
    { key: "sp ace", value: "x" },
  ];
  expect(await call("PATCH", `/${id}/tags`, { tags })).toEqual([200, {}]);
  expect(await call("DELETE", `/${id}/tags/sp%20ace`)).toEqual([200, {}]);
  expect(await call("GET", `/${id}`)).toMatchObject([
    200,
    { model: { info: { tags: [tags[0], tags[2]], last_updated_timestamp_ms: info.last_updated_timestamp_ms } } },
  ]);
  expect(await call("DELETE", `/${id}/tags/sp%20ace`)).toMatchObject([
    404,
    { message: `No tag with key 'sp ace' found for model with ID '${id}'.` },
  ]);
});

test("params are added once", async () => {
  const { info } = await create({ experiment_id: "1", name: "p", params: [{ key: "a", value: "1" }] });
  const id = info.model_id;
  const add = (...params: Json[]) => call("POST", `/${id}/params`, { model_id: id, params });
  expect(await add({ key: "b", value: "2" })).toEqual([200, {}]);
  expect(await add({ key: "c", value: "3" }, { key: "b", value: "2" })).toMatchObject([
    400,
    { error_code: "BAD_REQUEST", message: `Params of a logged model cannot change, and '${id}' has some of 'c', 'b'.` },
  ]);
  expect(await add({ key: "d" }, { key: "d" })).toMatchObject([400, { error_code: "BAD_REQUEST" }]);
  expect(await call("POST", `/${id}/params`, { model_id: id })).toEqual([200, {}]);
  expect(await call("GET", `/${id}`)).toMatchObject([
    200,
    {
      model: {
        data: {
          params: [
            { key: "a", value: "1" },
            { key: "b", value: "2" },
          ],
        },
      },
    },
  ]);
});

test("long params and tags arrive whole", async () => {
  const long = "é".repeat(500_000);
  const entries = ["a", "b", "c"].map((key) => ({ key, value: long }));
  const { info } = await create({ experiment_id: "1", name: "long", params: entries, tags: entries });
  const [, answer] = await call("GET", `/${info.model_id}`);
  expect((answer.model as Model).data.params).toEqual(entries);
  expect((answer.model as Model).info.tags).toEqual(entries);
});

test("a model's metrics come with their runs and datasets", async () => {
  const { info } = await create({ experiment_id: "1", name: "metrics" });
  const id = info.model_id;
  const at = { timestamp: 5, step: 3, model_id: id };
  const metrics = [
    { key: "b", value: 2, ...at },
    { key: "a", value: Number.NaN, ...at },
    { key: "a", value: 0.5, ...at, timestamp: 4, dataset_name: "ds", dataset_digest: "dg" },
  ];
  await env.DB.batch(modelMetricWrites(env.DB, "run", metrics));
  const [, answer] = await call("GET", `/${id}`);
  const common = { step: 3, model_id: id, run_id: "run" };
  expect((answer.model as Model).data.metrics).toEqual([
    { key: "a", value: 0.5, timestamp: 4, ...common, dataset_name: "ds", dataset_digest: "dg" },
    { key: "a", value: "NaN", timestamp: 5, ...common },
    { key: "b", value: 2, timestamp: 5, ...common },
  ]);
});

test("a model's files are listed and sent", async () => {
  const { info } = await create({ experiment_id: "1", name: "files" });
  const id = info.model_id;
  const root = `mlflow-artifacts:/1/models/${id}/artifacts`;
  for (const name of ["MLmodel", "sub/x.json"]) {
    const path = `${HOST}/api/2.0/mlflow-artifacts/artifacts/1/models/${id}/artifacts/${name}`;
    await SELF.fetch(path, { method: "PUT", body: "hi" });
  }
  const list = (query = "") => call("GET", `/${id}/artifacts/directories${query}`);
  expect(await list()).toEqual([
    200,
    {
      root_uri: root,
      files: [
        { path: "MLmodel", is_dir: false, file_size: 2 },
        { path: "sub", is_dir: true },
      ],
    },
  ]);
  const files = [{ path: "sub/x.json", is_dir: false, file_size: 2 }];
  expect(await list("?artifact_directory_path=sub")).toEqual([200, { root_uri: root, files }]);
  expect(await list("?artifact_directory_path=..")).toMatchObject([400, { message: "Invalid path" }]);

  const file = (query: string) => SELF.fetch(`${HOST}/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files${query}`);
  expect(await (await file("?artifact_file_path=sub/x.json")).text()).toBe("hi");
  for (const [query, status, message] of [
    ["", 400, 'Request must include the "artifact_file_path" query parameter.'],
    ["?artifact_file_path=nope", 404, `No such artifact: '1/models/${id}/artifacts/nope'`],
    ["?artifact_file_path=sub", 400, `Artifact path refers to a directory, not a file: '1/models/${id}/artifacts/sub'`],
    ["?artifact_file_path=../a", 400, "Invalid path"],
  ] as const) {
    const answer = await file(query);
    expect([answer.status, await answer.json()]).toMatchObject([status, { message }]);
  }
});
