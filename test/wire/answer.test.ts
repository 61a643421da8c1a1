/** Compression and conditional requests: who gets them, that answers stay the same, that a write changes the tag. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { finished, jsonResponse } from "../../src/wire/answer";
import { type Json, newExperiment, newRun, ok } from "../tracking/helpers";

const app = createApp();

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const request = new Request(`https://tidemark.test${path}`, { headers });
  return await app.fetch(request, env, createExecutionContext());
}

const gunzip = (answer: Response): Promise<string> =>
  new Response(answer.body?.pipeThrough(new DecompressionStream("gzip"))).text();

async function runWithHistory(points: number): Promise<string> {
  const run = await newRun(await newExperiment());
  const metrics = Array.from({ length: points }, (_, step) => ({ key: "x", value: step / 7, timestamp: step, step }));
  await ok("runs/log-batch", { run_id: run, metrics });
  await ok("runs/update", { run_id: run, status: "FINISHED" });
  return run;
}

const history = (run: string) => `/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=x`;
const bulk = (run: string) => `/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${run}&metric_key=x`;
const interval = (run: string) =>
  `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${run}&metric_key=x&max_results=320`;
const runGet = (run: string) => `/api/2.0/mlflow/runs/get?run_id=${run}`;

describe("compression", () => {
  it("is for large answers to those who ask", async () => {
    const run = await runWithHistory(500);
    for (const path of [history(run), bulk(run), interval(run)]) {
      const plain = await get(path);
      const zipped = await get(path, { "Accept-Encoding": "gzip, deflate" });
      expect([plain.headers.get("Content-Encoding"), zipped.headers.get("Content-Encoding")]).toEqual([null, "gzip"]);
      expect(zipped.headers.get("Content-Type")).toBe("application/json");
      expect(zipped.headers.get("Vary")).toContain("Accept-Encoding");
      expect(zipped.headers.get("ETag")).toBe(plain.headers.get("ETag"));
      const text = await plain.text();
      expect(JSON.parse(text).metrics.length).toBeGreaterThanOrEqual(320);
      expect(await gunzip(zipped)).toBe(text);
    }
    for (const asked of ["identity", "br", "gzip;q=0, br", "*;q=0"]) {
      expect((await get(history(run), { "Accept-Encoding": asked })).headers.get("Content-Encoding")).toBeNull();
    }
    for (const asked of ["GZIP;q=0.5", "*", "br, *;q=0.1"]) {
      expect((await get(history(run), { "Accept-Encoding": asked })).headers.get("Content-Encoding")).toBe("gzip");
    }
    expect((await get(runGet(run), { "Accept-Encoding": "gzip" })).headers.get("Content-Encoding")).toBeNull();
  });

  it("is left to the edge where there is one", async () => {
    const large = "x".repeat(10_000);
    const request = (cf?: CfProperties) =>
      new Request("https://tidemark.test/", { headers: { "Accept-Encoding": "gzip" }, cf });
    expect((await finished(request(), { large })).headers.get("Content-Encoding")).toBe("gzip");
    expect((await finished(request({ colo: "ZRH" }), { large })).headers.get("Content-Encoding")).toBeNull();
  });

  it("leaves streams and files alone", async () => {
    const stream = new Response(new Blob(["x".repeat(10_000)]).stream());
    const request = new Request("https://tidemark.test/", { headers: { "Accept-Encoding": "gzip" } });
    expect(await finished(request, stream)).toBe(stream);
    expect((await finished(request, jsonResponse("[]"))).headers.get("ETag")).not.toBeNull();
  });
});

describe("conditional requests", () => {
  it("a finished run that did not change is not sent again", async () => {
    const run = await runWithHistory(500);
    for (const path of [runGet(run), history(run), bulk(run), interval(run)]) {
      const first = await get(path);
      const tag = first.headers.get("ETag") ?? "";
      expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
      expect(first.headers.get("Cache-Control")).toBe("private, no-cache");
      for (const header of [tag, tag.slice(2), `"other", ${tag}`, "*"]) {
        const again = await get(path, { "If-None-Match": header, "Accept-Encoding": "gzip" });
        expect([again.status, again.headers.get("ETag"), await again.text()]).toEqual([304, tag, ""]);
      }
      const other = await get(path, { "If-None-Match": '"other"' });
      expect([other.status, await other.text()]).toEqual([200, await first.text()]);
    }
  });

  it("any write changes what it shows in", async () => {
    const run = await runWithHistory(3);
    const tags = async () => [await tagOf(runGet(run)), await tagOf(history(run))] as const;
    let [ofRun, ofHistory] = await tags();
    const writes: [string, Json, boolean][] = [
      ["runs/set-tag", { run_id: run, key: "a", value: "b" }, false],
      ["runs/delete-tag", { run_id: run, key: "a" }, false],
      ["runs/log-parameter", { run_id: run, key: "p", value: "1" }, false],
      ["runs/update", { run_id: run, run_name: "another" }, false],
      ["runs/log-inputs", { run_id: run, models: [{ model_id: "m-1" }] }, false],
      ["runs/log-metric", { run_id: run, key: "x", value: 9, timestamp: 9, step: 9 }, true],
      ["runs/delete", { run_id: run }, false],
    ];
    for (const [path, body, changesHistory] of writes) {
      await ok(path, body);
      const [run2, history2] = await tags();
      expect([path, run2 !== ofRun, history2 !== ofHistory]).toEqual([path, true, changesHistory]);
      [ofRun, ofHistory] = [run2, history2];
    }
  });

  it("is nothing for writes and refusals", async () => {
    expect((await get("/api/2.0/mlflow/runs/get?run_id=unknown")).headers.get("ETag")).toBeNull();
    const request = new Request("https://tidemark.test/api/2.0/mlflow/runs/search", {
      method: "POST",
      headers: { "Content-Type": "application/json", "If-None-Match": "*" },
      body: JSON.stringify({ experiment_ids: ["0"] }),
    });
    const answer = await app.fetch(request, env, createExecutionContext());
    expect([answer.status, answer.headers.get("ETag")]).toEqual([200, null]);
  });
});

async function tagOf(path: string): Promise<string> {
  const tag = (await get(path)).headers.get("ETag");
  if (tag === null) throw new Error(`no tag on ${path}`);
  return tag;
}
