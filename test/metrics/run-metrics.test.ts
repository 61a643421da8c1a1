import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { logOf, makeRun, newId, type Point, packOf } from "./helpers";

const get = async (path: string) => {
  const response = await SELF.fetch(`http://x/api/2.0/tidemark/runs/${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const send = (rpc: string, body: object) =>
  SELF.fetch(`http://x/api/2.0/mlflow/runs/${rpc}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

describe("series statistics", () => {
  it("come from published chunks and the log's tail together", async () => {
    const run = await makeRun();
    const wave: Point[] = Array.from({ length: 3000 }, (_, i) => [i, 1000 + i, Math.sin(i / 100)]);
    await logOf(run).append(run, packOf({ wave: wave.slice(0, 2500), odd: [[0, 1, Number.NaN]] }));
    await logOf(run).flush(run);
    // The tail repeats a stretch that is published, and goes on.
    await logOf(run).append(run, packOf({ wave: wave.slice(2400) }));
    const { body } = await get(`${run}/metrics/stats`);
    const values = wave.map((p) => p[2]);
    const extreme = (v: number) => ({ step: values.indexOf(v), timestamp: 1000 + values.indexOf(v), value: v });
    expect(body).toEqual({
      metrics: [
        {
          key: "odd",
          count: 1,
          nan_count: 1,
          first: { step: 0, timestamp: 1, value: "NaN" },
          last: { step: 0, timestamp: 1, value: "NaN" },
        },
        {
          key: "wave",
          count: 3000,
          nan_count: 0,
          mean: expect.closeTo(values.reduce((a, b) => a + b) / 3000, 12),
          min: extreme(Math.min(...values)),
          max: extreme(Math.max(...values)),
          first: { step: 0, timestamp: 1000, value: 0 },
          last: { step: 2999, timestamp: 3999, value: values[2999] },
        },
      ],
    });
    expect((await get(`${run}/metrics/stats?metric_key=odd`)).body.metrics).toHaveLength(1);
  });
});

describe("counters", () => {
  it("say what came in, over a publish", async () => {
    const run = await makeRun();
    const batch = (metrics: object[]) => send("log-batch", { run_id: run, metrics });
    const metric = (step: number) => ({ key: "m", value: step, timestamp: 1, step });
    expect((await batch([metric(1), metric(2), metric(2)])).status).toBe(200);
    expect((await batch([metric(2)])).status).toBe(200);
    expect((await batch([metric(3), { ...metric(4), key: "bad$" }])).status).toBe(400);
    const counters = { accepted: 2, duplicate: 2, rejected: 2, last_sequence: 2 };
    await expect.poll(async () => (await get(`${run}/metrics/counters`)).body).toEqual({ ...counters, unpublished: 2 });
    await logOf(run).flush(run);
    expect((await get(`${run}/metrics/counters`)).body).toEqual({ ...counters, unpublished: 0 });
  });

  it("are 404 for a run that is not there", async () => {
    const { status, body } = await get(`${newId()}/metrics/counters`);
    expect([status, body.error_code]).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
  });
});
