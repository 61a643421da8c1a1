import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";

type Json = Record<string, unknown>;

async function search(body: Json): Promise<{ status: number; names: string[]; token?: string; message?: string }> {
  const answer = await SELF.fetch("http://tidemark/api/2.0/mlflow/logged-models/search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_ids: ["1"], ...body }),
  });
  const json = (await answer.json()) as {
    models?: { info: { name: string } }[];
    next_page_token?: string;
    message?: string;
  };
  return {
    status: answer.status,
    names: (json.models ?? []).map((m) => m.info.name),
    ...(json.next_page_token && { token: json.next_page_token }),
    ...(json.message && { message: json.message }),
  };
}

const names = async (filter: string) => (await search({ filter })).names;

beforeAll(async () => {
  const add = env.DB.prepare(
    `INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, status, model_type, source_run_id,
       creation_time, last_update_time, lifecycle_stage) VALUES (?, ?, ?, 'u', ?, ?, ?, ?, ?, ?)`,
  );
  const rows = [
    ["m-a", "1", "alpha", "LOGGED_MODEL_READY", "Agent", "run1", 100, 500, "active"],
    ["m-b", "1", "Beta_x", "LOGGED_MODEL_PENDING", "", "run1", 200, 400, "active"],
    ["m-c", "1", "gamma*", "LOGGED_MODEL_READY", "", "run2", 300, 300, "active"],
    ["m-d", "1", "same", "LOGGED_MODEL_READY", "", "", 300, 200, "active"],
    ["m-e", "1", "gone", "LOGGED_MODEL_READY", "", "", 999, 999, "deleted"],
    ["m-f", "2", "other", "LOGGED_MODEL_READY", "", "", 250, 250, "active"],
  ];
  await env.DB.batch(rows.map((row) => add.bind(...row)));
  const param = env.DB.prepare("INSERT INTO logged_model_params VALUES (?, ?, ?)");
  const tag = env.DB.prepare("INSERT INTO logged_model_tags VALUES (?, ?, ?)");
  // Model, key, timestamp, step, value, is_nan, run, dataset and digest.
  const metric = env.DB.prepare("INSERT INTO logged_model_metrics VALUES (?, ?, ?, ?, ?, ?, 'r', ?, ?, '1')");
  await env.DB.batch([
    param.bind("m-b", "depth", "2"),
    param.bind("m-c", "depth", "3"),
    tag.bind("m-a", "a b", "x1"),
    metric.bind("m-a", "acc", 1, 0, 0.9, 0, "train", "d1"),
    metric.bind("m-a", "acc", 2, 0, 0.1, 0, "", ""),
    metric.bind("m-b", "acc", 1, 0, 0.6, 0, "test", "d2"),
    metric.bind("m-c", "acc", 1, 0, 0, 1, "", ""),
  ]);
});

test("models come newest first, ties by id, deleted ones never, over all experiments asked for", async () => {
  expect(await search({})).toEqual({ status: 200, names: ["gamma*", "same", "Beta_x", "alpha"] });
  expect((await search({ experiment_ids: ["1", "2"] })).names).toEqual(["gamma*", "same", "other", "Beta_x", "alpha"]);
  expect((await search({ experiment_ids: ["2"] })).names).toEqual(["other"]);
  expect(await search({ experiment_ids: ["404"] })).toEqual({ status: 200, names: [] });
  expect(await search({ experiment_ids: [] })).toEqual({ status: 200, names: [] });
});

test.each([
  ["", ["gamma*", "same", "Beta_x", "alpha"]],
  ["name = 'alpha'", ["alpha"]],
  ["name='table.json'", []],
  ["`name` = 'alpha'", ["alpha"]],
  ["attributes.name != 'alpha'", ["gamma*", "same", "Beta_x"]],
  ["source_run_id = 'run1'", ["Beta_x", "alpha"]],
  ["source_run_id = 'run1' AND name = 'alpha'", ["alpha"]],
  ["name in ('alpha', 'same')", ["same", "alpha"]],
  ["name NOT  IN ('alpha','same')", ["gamma*", "Beta_x"]],
  ["name IN ()", []],
  ["name LIKE 'beta%'", []],
  ["name LIKE 'Beta__'", ["Beta_x"]],
  ["name LIKE 'gamma*'", ["gamma*"]],
  ["name LIKE 'al*'", []],
  ["name ilike 'BETA%'", ["Beta_x"]],
  ["model_id = 'm-a'", ["alpha"]],
  ["model_type = 'Agent'", ["alpha"]],
  ["status = 'READY' and source_run_id = 'run2'", ["gamma*"]],
  ["status = 'LOGGED_MODEL_PENDING'", ["Beta_x"]],
  ["creation_timestamp > 100 and creation_timestamp<=200", ["Beta_x"]],
  ["creation_timestamp_ms = 3e2", ["gamma*", "same"]],
  ["last_updated_timestamp >= 400", ["Beta_x", "alpha"]],
  ["name = 'alpha' AND", ["alpha"]],
  ["name = 'alpha' OR NOT (source_run_id = 'run1' OR name = 'same')", ["gamma*", "alpha"]],
  [`name LIKE '%${"x".repeat(51)}'`, []],
  ["params.depth = '2'", ["Beta_x"]],
  ["params.depth = 2", ["Beta_x"]],
  ["params.depth IN ('2', '3')", ["gamma*", "Beta_x"]],
  ["tags.`a b` LIKE 'x%'", ["alpha"]],
  ["tags.`a b` NOT IN ('x1')", []],
  ["metrics.acc > 0.5", ["Beta_x", "alpha"]],
  ["metrics.acc > 0.85", ["alpha"]],
  ["metrics.acc = nan", []],
  ["metrics.acc != 0.9", ["gamma*", "Beta_x", "alpha"]],
  ["metrics.acc < inf AND params.depth = '2'", ["Beta_x"]],
])("filter %s", async (filter, expected) => {
  expect(await names(filter)).toEqual(expected);
});

const NO_FILTER = (shown: string) =>
  `Invalid filter string: ${shown}. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').`;

test.each([
  ["foo", 400, NO_FILTER("'foo'")],
  ["name = 'a' OR", 400, NO_FILTER(`"name = 'a' OR"`)],
  ["name IS NULL", 400, "Invalid comparison: attributes.name IS NULL. Expected a comparison with 3 tokens."],
  [
    "name > 'a'",
    400,
    "Invalid comparison operator for attributes.name: '>'. Expected one of ('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN').",
  ],
  [
    "creation_timestamp LIKE '1'",
    400,
    "Invalid comparison operator for attributes.creation_timestamp: 'LIKE'. Expected one of ('<', '<=', '>', '>=', '=', '!=').",
  ],
  ["creation_timestamp > 'a'", 400, "Invalid value 'a' for attributes.creation_timestamp: expected a number."],
  ["name = alpha", 400, "Invalid value alpha for attributes.name: expected a string in single quotes."],
  ["name IN 'a'", 400, NO_FILTER(`"name IN 'a'"`)],
  ["bogus = 'a'", 400, "Invalid attribute key 'bogus' for logged models."],
  [
    "attribute.name = 'a'",
    400,
    "Invalid entity type: 'attribute'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
  ],
  ["metrics.a > 'b'", 400, "Invalid value 'b' for metrics.a: expected a number."],
])("filter %s is refused", async (filter, status, message) => {
  expect(await search({ filter })).toMatchObject({ status, message });
});

test.each([
  [[{ field_name: "name" }], ["Beta_x", "alpha", "gamma*", "same"]],
  [[{ field_name: "creation_timestamp", ascending: true }], ["alpha", "Beta_x", "gamma*", "same"]],
  [[{ field_name: "last_updated_timestamp", ascending: false }], ["alpha", "Beta_x", "gamma*", "same"]],
  [
    [{ field_name: "source_run_id" }, { field_name: "name", ascending: false }],
    ["same", "alpha", "Beta_x", "gamma*"],
  ],
  // The newest observation counts; a NaN comes after numbers, and models without one after all.
  [[{ field_name: "metrics.acc" }], ["alpha", "Beta_x", "gamma*", "same"]],
  [[{ field_name: "metrics.acc", ascending: false }], ["Beta_x", "alpha", "gamma*", "same"]],
  [[{ field_name: "metrics.acc", ascending: false, dataset_name: "train" }], ["alpha", "gamma*", "same", "Beta_x"]],
])("order %j", async (order_by, expected) => {
  expect((await search({ order_by })).names).toEqual(expected);
});

test.each([
  [{ order_by: [{ field_name: "bogus" }] }, 400, "Invalid order by field name: bogus"],
  [{ order_by: [{}] }, 400, "Invalid order by field name: "],
  [{ order_by: [{ field_name: "tags.a" }] }, 400, "Invalid order by field name: tags.a. Only metrics are supported."],
  [{ order_by: [{ field_name: "constructor" }] }, 400, "Invalid order by field name: constructor"],
  [{ datasets: [{}] }, 400, "`dataset_name` in the `datasets` clause must be specified."],
  [{ experiment_ids: ["abc"] }, 400, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."],
  [{ max_results: -1 }, 400, "Invalid value -1 for parameter 'max_results' supplied. It must be a positive integer"],
  [{ page_token: "z" }, 400, "Invalid page token, could not base64-decode"],
  [{ page_token: btoa("[1]") }, 400, "Invalid page token, decoded value=b'[1]'"],
  [
    { page_token: btoa("{}") },
    400,
    "Experiment IDs in the page token do not match the requested experiment IDs. Expected: ['1']. Found: None",
  ],
])("search %j is refused", async (body, status, message) => {
  expect(await search(body)).toMatchObject({ status, message });
});

test.each([
  [[{ dataset_name: "train", dataset_digest: "d1" }], undefined, ["alpha"]],
  [[{ dataset_name: "train" }, { dataset_name: "test" }], undefined, ["Beta_x", "alpha"]],
  [[{ dataset_name: "train", dataset_digest: "d2" }], undefined, []],
  [[{ dataset_name: "train" }], "metrics.acc > 0.5", ["alpha"]],
  [[{ dataset_name: "test" }], "metrics.acc > 0.7 OR name = 'alpha'", ["alpha"]],
])("datasets %j with the filter %s", async (datasets, filter, expected) => {
  expect((await search({ datasets, filter })).names).toEqual(expected);
});

test("pages follow each other, and only for the same request", async () => {
  const request = { max_results: 2, filter: "name != 'é日'", order_by: [{ field_name: "name" }] };
  const first = await search(request);
  expect(first.names).toEqual(["Beta_x", "alpha"]);
  const second = await search({ ...request, page_token: first.token });
  expect(second).toEqual({ status: 200, names: ["gamma*", "same"] });
  expect(await search({ ...request, filter: "name='b'", page_token: first.token })).toMatchObject({
    status: 400,
    message:
      "Filter string in the page token does not match the requested filter string. Expected: name='b'. Found: name != 'é日'",
  });
  expect(await search({ ...request, order_by: [], page_token: first.token })).toMatchObject({
    status: 400,
    message:
      "Order by in the page token does not match the requested order by. Expected: None. Found: " +
      "[{'field_name': 'name', 'ascending': True, 'dataset_name': None, 'dataset_digest': None}]",
  });
});

test("a search of one experiment is driven by its index", async () => {
  const plan = await env.DB.prepare(
    `EXPLAIN QUERY PLAN SELECT * FROM logged_models WHERE experiment_id = '1' AND lifecycle_stage = 'active'
     ORDER BY creation_time DESC, model_id ASC LIMIT 101`,
  ).all<{ detail: string }>();
  const details = plan.results.map((row) => row.detail).join("; ");
  expect(details).toContain("logged_models_by_creation (experiment_id=? AND lifecycle_stage=?)");
  expect(details).not.toContain("TEMP B-TREE");
});
