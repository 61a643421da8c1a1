import { describe, expect, it } from "vitest";
import { decodeBody, decodeRequest } from "../../src/wire/decode";
import { MlflowError } from "../../src/wire/errors";
import { endpointsOf } from "../../src/wire/rpc";

const body = (rpc: string, value: unknown) => {
  const [endpoint] = endpointsOf(rpc);
  if (!endpoint) throw new Error(rpc);
  return decodeBody(endpoint, typeof value === "string" ? value : JSON.stringify(value));
};
const request = (rpc: string, init: { method?: string; query?: string; body?: string; type?: string | null }) => {
  const endpoint = endpointsOf(rpc).find((e) => e.method === (init.method ?? "POST"));
  if (!endpoint) throw new Error(rpc);
  const headers = new Headers();
  if (init.type !== null) headers.set("Content-Type", init.type ?? "application/json");
  const bytes = init.body === undefined ? undefined : new TextEncoder().encode(init.body);
  return decodeRequest(
    endpoint,
    new Request(`http://x/${init.query ?? ""}`, { method: endpoint.method, headers, body: bytes ?? null }),
  );
};
const metric = { run_id: "r", key: "m", value: 1, timestamp: 1 };

describe("bodies", () => {
  it("take snake_case and lowerCamelCase, but not both", () => {
    expect(body("logMetric", { runId: "r", key: "m", value: 1, timestamp: 2 })).toMatchObject({ run_id: "r" });
    expect(() => body("logMetric", { ...metric, runId: "r" })).toThrow(
      "Request specifies both 'run_id' and 'runId'; provide only one of them.",
    );
    expect(body("logBatch", { run_id: "r", metrics: [{ key: "m", datasetName: "d" }] })).toMatchObject({
      metrics: [{ dataset_name: "d" }],
    });
  });

  it("ignore unknown fields and take null as unset", () => {
    expect(body("logMetric", { ...metric, step: null, extra: { a: 1 } })).toMatchObject(metric);
    expect(() => body("logMetric", { ...metric, key: null })).toThrow(
      "Missing value for required parameter 'key'. See the API docs for more information about request parameters.",
    );
    expect(() => body("logMetric", { ...metric, key: "" })).toThrow("required parameter 'key'");
  });

  it("take int64 as number or decimal text, within ±2^53", () => {
    expect(body("logMetric", { ...metric, timestamp: "12", step: -3.0 })).toMatchObject({ timestamp: 12, step: -3 });
    for (const bad of [1.5, "1.5", "x", true, 2 ** 53, -(2 ** 53), {}]) {
      expect(() => body("logMetric", { ...metric, step: bad })).toThrow("for parameter 'step' supplied");
    }
  });

  it("take doubles as numbers, texts, and bare tokens, and refuse what MLflow would store as 0", () => {
    const value = (v: unknown) => (body("logMetric", { ...metric, value: v }) as { value: number }).value;
    expect(value("NaN")).toBeNaN();
    expect(value("-Infinity")).toBe(Number.NEGATIVE_INFINITY);
    expect(value("-inf")).toBe(Number.NEGATIVE_INFINITY);
    expect(value("1.5e3")).toBe(1500);
    expect(value(true)).toBe(1);
    expect(() => value("nan")).toThrow(
      `Invalid value "nan" for parameter 'value' supplied:  Hint: Value was of type 'str'.`,
    );
    expect(() => value("abc")).toThrow("parameter 'value'");
    expect(body("logMetric", '{"run_id":"a NaN \\"NaN","key":"m","value":NaN,"timestamp":1}')).toMatchObject({
      run_id: 'a NaN "NaN',
      value: Number.NaN,
    });
  });

  it("name the field of a wrong type, however deep", () => {
    expect(() => body("logBatch", { run_id: "r", metrics: "x" })).toThrow("parameter 'metrics' supplied");
    expect(() => body("logBatch", { run_id: "r", metrics: ["x"] })).toThrow("parameter 'metrics[0]' supplied");
    expect(() => body("logBatch", { run_id: "r", metrics: [{ key: "m", value: "x" }] })).toThrow(
      "parameter 'metrics[0].value' supplied",
    );
    expect(() => body("logMetric", { ...metric, key: 5 })).toThrow(
      "Invalid value 5 for parameter 'key' supplied:  Hint",
    );
  });

  it("keep enums by name or number, and leave unknown names unset", () => {
    expect(body("updateRun", { run_id: "r", status: "FINISHED" })).toMatchObject({ status: "FINISHED" });
    expect(body("updateRun", { run_id: "r", status: 3 })).toMatchObject({ status: "FINISHED" });
    expect(body("updateRun", { run_id: "r", status: "BOGUS" }).status).toBeUndefined();
    expect(() => body("updateRun", { run_id: "r", status: 99 })).toThrow("parameter 'status'");
  });

  it("may be empty, null, or JSON in JSON, but neither malformed nor a list", () => {
    for (const empty of ["", " ", "null", "{}", '"{}"']) expect(() => body("logBatch", empty)).toThrow("'run_id'");
    expect(body("logBatch", JSON.stringify(JSON.stringify({ run_id: "r" })))).toEqual({ run_id: "r" });
    for (const bad of ["{bad", "[]", "5", '"x']) expect(() => body("logBatch", bad)).toThrow(/^Malformed request: /);
  });

  it("may name a run by run_uuid", () => {
    expect(body("logMetric", { ...metric, run_id: undefined, run_uuid: "u" })).toMatchObject({ run_id: "u" });
  });

  it("are capped where MLflow's handlers cap them", () => {
    expect(() => body("searchRuns", { max_results: 50_001 })).toThrow(
      "Invalid value 50001 for parameter 'max_results'",
    );
  });
});

describe("requests", () => {
  it("are read from the query of a GET that has one", async () => {
    const query = "?run_ids=a&run_ids=b&metric_key=m&max_results=5";
    expect(await request("getMetricHistoryBulkInterval", { method: "GET", query })).toEqual({
      run_ids: ["a", "b"],
      metric_key: "m",
      max_results: 5,
    });
    await expect(
      request("getMetricHistory", { method: "GET", query: "?run_id=r&metric_key=m&max_results=x" }),
    ).rejects.toThrow(`Invalid value "x" for parameter 'max_results'`);
  });

  it("need the JSON content type", async () => {
    await expect(request("logBatch", { body: "{}", type: null })).rejects.toThrow(
      "Bad Request. Content-Type header is missing.",
    );
    await expect(request("logBatch", { body: "{}", type: "text/plain" })).rejects.toThrow(
      "Bad Request. Content-Type must be one of ['application/json'].",
    );
    await expect(
      request("logBatch", { body: '{"run_id":"r"}', type: "application/json; charset=utf-8" }),
    ).resolves.toEqual({ run_id: "r" });
  });

  it("fail as MlflowErrors", () => {
    expect(() => body("logBatch", {})).toThrow(MlflowError);
  });
});
