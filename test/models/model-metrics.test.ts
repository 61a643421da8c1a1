import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { jsonRows } from "../../src/db/json-rows";
import { explainModelFailure, type ModelMetric, modelMetricWrites } from "../../src/models/model-metrics";
import { makeRun } from "../metrics/helpers";

beforeAll(async () => {
  await makeRun("r");
  for (const [id, stage] of Object.entries({ "m-1": "active", "m-2": "active", "m-gone": "deleted" })) {
    await env.DB.prepare(
      `INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, status, model_type, source_run_id,
         creation_time, last_update_time, lifecycle_stage) VALUES (?, '7', 'n', 'u', 'LOGGED_MODEL_READY', '', '', 1, 1, ?)`,
    )
      .bind(id, stage)
      .run();
  }
});

const metric = (over: Partial<ModelMetric>): ModelMetric => ({
  key: "k",
  value: 1,
  timestamp: 1,
  step: 0,
  model_id: "m-1",
  ...over,
});
const write = (metrics: ModelMetric[], run = "r") => env.DB.batch(modelMetricWrites(env.DB, run, metrics));
const stored = async (model: string) =>
  (
    await env.DB.prepare("SELECT * FROM logged_model_metrics WHERE model_id = ? ORDER BY key, timestamp, value")
      .bind(model)
      .all<Record<string, unknown>>()
  ).results;

test("observations are stored with their model's experiment, a NaN apart from a zero, repeats once", async () => {
  const metrics = [
    metric({ key: "a", value: Number.NaN }),
    metric({ key: "a", value: 0 }),
    metric({ key: "b", value: 0.1, dataset_name: "ds", dataset_digest: "dg" }),
    metric({ key: "b", value: 0.1 }),
    metric({ model_id: "m-gone" }),
  ];
  await write([...metrics, ...metrics]);
  const again = await write(metrics);
  expect(again[0]?.meta.rows_written).toBe(0);
  const common = { model_id: "m-1", run_id: "r", experiment_id: "7", timestamp: 1, step: 0 };
  const plain = { dataset_name: "", dataset_digest: "" };
  expect(await stored("m-1")).toEqual([
    { ...common, ...plain, key: "a", value: 0, is_nan: 0 },
    { ...common, ...plain, key: "a", value: 0, is_nan: 1 },
    { ...common, ...plain, key: "b", value: 0.1, is_nan: 0 },
    { ...common, key: "b", value: 0.1, is_nan: 0, dataset_name: "ds", dataset_digest: "dg" },
  ]);
  expect(await stored("m-gone")).toHaveLength(1);
});

test("a thousand observations cost a thousand rows written, each once", async () => {
  const many = Array.from({ length: 1000 }, (_, i) => metric({ model_id: "m-2", key: "cost", step: i }));
  const results = await write(many);
  // And one row that links the model to the run.
  expect(results.reduce((sum, r) => sum + (r.meta.rows_written ?? 0), 0)).toBe(1001);
});

test("doubles and large integers survive the way through JSON", async () => {
  const bits = new DataView(new ArrayBuffer(8));
  const random = Array.from({ length: 500 }, () => {
    for (;;) {
      bits.setUint32(0, Math.random() * 2 ** 32);
      bits.setUint32(4, Math.random() * 2 ** 32);
      const value = bits.getFloat64(0);
      if (Number.isFinite(value)) return value;
    }
  });
  const units = Array.from({ length: 500 }, () => Math.random());
  const values = [
    ...random,
    ...units,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    5e-324,
    2 ** 53,
    1e22,
    123456789012345680000,
    0.1 + 0.2,
  ];
  await write(
    values.map((value, i) => metric({ model_id: "m-2", key: "double", value, step: i, timestamp: 2 ** 53 - 1 })),
  );
  const rows = await env.DB.prepare(
    "SELECT value, timestamp FROM logged_model_metrics WHERE key = 'double' ORDER BY step",
  ).all<{
    value: number;
    timestamp: number;
  }>();
  expect(rows.results.map((r) => r.value)).toEqual(values);
  expect(new Set(rows.results.map((r) => r.timestamp))).toEqual(new Set([2 ** 53 - 1]));
});

test("an unknown model fails the whole batch and is named", async () => {
  const metrics = [metric({ model_id: "m-1", key: "never" }), metric({ model_id: "m-unknown", key: "never" })];
  await expect(write(metrics)).rejects.toThrow("NOT NULL");
  expect((await stored("m-1")).some((row) => row.key === "never")).toBe(false);
  expect(await explainModelFailure(env.DB, metrics)).toMatchObject({
    code: "BAD_REQUEST",
    message: "Metrics name logged models that do not exist: 'm-unknown'.",
  });
  expect(await explainModelFailure(env.DB, [metric({})])).toBeUndefined();
  expect(await explainModelFailure(env.DB, [])).toBeUndefined();
});

test("long rows are spread over several parameters", () => {
  const rows = Array.from({ length: 3 }, () => ({ v: "é".repeat(400_000) }));
  const texts = jsonRows(rows);
  expect(texts).toHaveLength(3);
  expect(texts.flatMap((text) => JSON.parse(text))).toEqual(rows);
  expect(jsonRows([])).toEqual([]);
  expect(jsonRows([{ v: 1 }, { v: 2 }])).toEqual(['[{"v":1},{"v":2}]']);
  expect(jsonRows([{ v: "x".repeat(1_500_000) }])).toHaveLength(1);
  expect(() => jsonRows([{ v: "x".repeat(2_000_000) }])).toThrow("A value is too long");
});
