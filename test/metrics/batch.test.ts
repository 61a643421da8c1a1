import { describe, expect, it } from "vitest";
import { checkCounts, checkDuplicateParams, checkMetrics, packMetrics } from "../../src/metrics/batch";
import { decodePacks } from "../../src/metrics/pack";

const metric = { key: "m", value: 1, timestamp: 1, step: 0 };
const check = (...metrics: object[]) => checkMetrics(metrics, true);

describe("checkMetrics", () => {
  it("names the missing field", () => {
    expect(() => check(metric, { ...metric, key: "" })).toThrow("parameter 'metrics[1].key'");
    expect(() => check({ ...metric, value: undefined })).toThrow("parameter 'metrics[0].value'");
    expect(() => check({ ...metric, timestamp: undefined })).toThrow("parameter 'metrics[0].timestamp'");
    expect(() => checkMetrics([{ ...metric, value: undefined }], false)).toThrow("parameter 'value'");
  });

  it("refuses bad names, long names and negative timestamps in MLflow's words", () => {
    expect(() => check(metric, { ...metric, key: "bad$" })).toThrow(
      `Invalid value "bad$" for parameter 'metrics[1].name' supplied: Names may only contain`,
    );
    expect(() => check({ ...metric, key: "a//b" })).toThrow("This name would resolve to 'a/b'");
    expect(() => check({ ...metric, key: "k".repeat(251) })).toThrow("'Metric name' exceeds the maximum length of 250");
    expect(() => check({ ...metric, timestamp: -1 })).toThrow(
      "Invalid value -1 for parameter 'metrics[0].timestamp' supplied: metric 'm' (value=1.0). " +
        "Timestamp must be a nonnegative long (64-bit integer) ",
    );
  });

  it("stores infinities as the largest double, and step 0 where none is given", () => {
    expect(check({ key: "m", value: Number.POSITIVE_INFINITY, timestamp: 1 }, { ...metric, value: -0 })).toMatchObject([
      { value: Number.MAX_VALUE, step: 0 },
      { value: 0 },
    ]);
  });
});

describe("limits", () => {
  it("say what to do", () => {
    expect(() => checkCounts(1001, 0, 0)).toThrow(
      "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across",
    );
    expect(() => checkCounts(0, 101, 0)).toThrow("at most 100 params");
    expect(() => checkCounts(0, 0, 101)).toThrow("at most 100 tags");
    expect(() => checkCounts(901, 100, 0)).toThrow("Got 1001 metrics, params, and tags.");
    expect(() => checkCounts(900, 100, 0)).not.toThrow();
  });

  it("name duplicate params", () => {
    expect(() => checkDuplicateParams([{ key: "a" }, { key: "d" }, { key: "d" }])).toThrow(
      "Duplicate parameter keys have been submitted: ['d'].",
    );
  });
});

describe("packMetrics", () => {
  it("groups by key and keeps the order within a key", () => {
    const seen: unknown[] = [];
    const pack = packMetrics([metric, { ...metric, key: "b" }, { ...metric, step: 5 }]);
    decodePacks(pack, (key, step) => seen.push([key, step]));
    expect(seen).toEqual([
      ["m", 0],
      ["m", 5],
      ["b", 0],
    ]);
  });
});
