import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { getRun, type Json, newExperiment, newRun, ok, plansOf, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";

let one: string;
let other: string;

const names = async (request: Json): Promise<string[]> =>
  ((await ok("runs/search", request)).runs ?? []).map((run: Json) => run.info.run_name);

beforeAll(async () => {
  one = await newExperiment();
  other = await newExperiment();
  for (const start_time of [3, 1, 2]) await newRun(one, { start_time, run_name: `r${start_time}` });
  await newRun(other, { start_time: 4, run_name: "r4" });
  await ok("runs/delete", { run_id: await newRun(one, { start_time: 9, run_name: "gone" }) });
});

describe("which runs", () => {
  test("of the experiments named, newest first", async () => {
    expect(await names({ experiment_ids: [one] })).toEqual(["r3", "r2", "r1"]);
    expect(await names({ experiment_ids: [one, other, "999999"] })).toEqual(["r4", "r3", "r2", "r1"]);
    expect(await ok("runs/search", {})).toEqual({});
    expect(await ok("runs/search", { experiment_ids: ["999999"] })).toEqual({});
  });

  test("of a view", async () => {
    expect(await names({ experiment_ids: [one], run_view_type: "DELETED_ONLY" })).toEqual(["gone"]);
    expect(await names({ experiment_ids: [one], run_view_type: "ALL" })).toEqual(["gone", "r3", "r2", "r1"]);
    expect(await names({ experiment_ids: [one], run_view_type: "X" })).toHaveLength(3);
  });

  test.each([
    ["start_time", ["r1", "r2", "r3"]],
    ["attribute.start_time ASC", ["r1", "r2", "r3"]],
    ["attributes.`start_time` DESC", ["r3", "r2", "r1"]],
    ["Created desc", ["r3", "r2", "r1"]],
  ])("in the order %s", async (clause, expected) => {
    expect(await names({ experiment_ids: [one], order_by: [clause] })).toEqual(expected);
  });

  test("runs that started together are in the order of their ids, page by page", async () => {
    const experiment = await newExperiment();
    const ids = await Promise.all(Array.from({ length: 7 }, () => newRun(experiment, { start_time: 1 })));
    const seen: string[] = [];
    let page_token: string | undefined;
    let pages = 0;
    do {
      const page = await ok("runs/search", { experiment_ids: [experiment], max_results: 3, page_token });
      seen.push(...page.runs.map((run: Json) => run.info.run_id));
      page_token = page.next_page_token;
      pages++;
    } while (page_token);
    expect([seen, pages]).toEqual([ids.toSorted(), 3]);
    const full = await ok("runs/search", { experiment_ids: [experiment], max_results: 7 });
    expect(full).not.toHaveProperty("next_page_token");
  });

  test.each([
    [{ max_results: 0 }, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"],
    [{ max_results: 50_001 }, "Invalid value 50001 for parameter 'max_results' supplied:"],
    [{ page_token: "zz!" }, "Invalid page token, could not base64-decode"],
    [{ experiment_ids: ["abc"] }, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."],
    [{ filter: "  " }, "Invalid filter '  '. Could not be parsed."],
    [{ order_by: [1] }, "'order_by"],
  ])("%j is refused", async (request, words) => {
    await refused("runs/search", request, 400, INVALID, words);
  });
});

describe("what they carry", () => {
  test("all that get shows but model inputs, each run its own", async () => {
    const experiment = await newExperiment();
    const [a, b] = [await newRun(experiment, { start_time: 2 }), await newRun(experiment, { start_time: 1 })];
    for (const run_id of [a, b]) {
      const value = run_id.slice(0, 5);
      await ok("runs/log-batch", {
        run_id,
        metrics: [{ key: "m", value: run_id === a ? 1 : 2, timestamp: 1 }],
        params: [{ key: "p", value }],
        tags: [{ key: "t", value }],
      });
      const datasets = [{ dataset: { name: value, digest: "d", source_type: "local", source: "s" } }];
      await ok("runs/log-inputs", { run_id, datasets, models: [{ model_id: "m-in" }] });
      await ok("runs/outputs", { run_id, models: [{ model_id: `m-${value}`, step: 1 }] });
    }
    await ok("runs/update", { run_id: b, status: "FINISHED" });
    const { runs } = await ok("runs/search", { experiment_ids: [experiment] });
    for (const [i, id] of [a, b].entries()) {
      const expected = await getRun(id);
      expect(expected.inputs.model_inputs).toEqual([{ model_id: "m-in" }]);
      delete expected.inputs.model_inputs;
      expect(runs[i]).toEqual(expected);
    }
    expect(runs[0].data.metrics).toEqual([{ key: "m", value: 1, timestamp: 1, step: 0 }]);
  });

  test("a run more than the database takes for one text is still read", async () => {
    const experiment = await newExperiment();
    const run_id = await newRun(experiment);
    for (let i = 0; i < 4; i++) {
      const params = Array.from({ length: 100 }, (_, j) => ({ key: `p${i}-${j}`, value: "v".repeat(6000) }));
      await ok("runs/log-batch", { run_id, params });
    }
    const { runs } = await ok("runs/search", { experiment_ids: [experiment] });
    expect(runs[0].data.params).toHaveLength(400);
  });
});

describe("cost", () => {
  test("a page of a thousand runs is one trip", async () => {
    const experiment = await newExperiment();
    await env.DB.prepare(
      `INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
       SELECT 'bulk' || value, ?, 'r', '', 'FINISHED', value, '' FROM json_each(?)`,
    )
      .bind(experiment, JSON.stringify(Array.from({ length: 1500 }, (_, i) => i)))
      .run();
    const { answer, trips, rowsWritten } = await spied("runs/search", { experiment_ids: [experiment] });
    expect(answer.runs).toHaveLength(1000);
    expect({ trips, rowsWritten }).toEqual({ trips: 1, rowsWritten: 0 });
  });

  test.each<[string, () => Json]>([
    ["one experiment", () => ({ experiment_ids: [one] })],
    ["several experiments", () => ({ experiment_ids: [one, other] })],
    ["all views", () => ({ experiment_ids: [one], run_view_type: "ALL" })],
    ["the oldest first", () => ({ experiment_ids: [one], order_by: ["start_time"] })],
  ])("no table is scanned for %s", async (_, request) => {
    const { statements } = await spied("runs/search", request());
    const plans = await plansOf(statements);
    // What is scanned are lists of the request and what the statement itself put together: r is a subquery there.
    expect(plans.filter((step) => /^SCAN (?!(r|s|s0|e|page)( VIRTUAL TABLE.*)?$)/.test(step))).toEqual([]);
    expect(plans.join("\n")).toMatch(/SEARCH r USING (COVERING )?INDEX runs_by_start \(experiment_id=/);
  });

  test("the default order of one experiment comes from the index, unsorted", async () => {
    const { statements } = await spied("runs/search", { experiment_ids: [one] });
    const [page] = statements;
    expect(page && (await plansOf([page])).filter((step) => step.includes("TEMP B-TREE"))).toEqual([]);
  });

  test("reading one run scans nothing", async () => {
    const { statements } = await spied(`runs/get?run_id=${await newRun(one)}`);
    const plans = await plansOf(statements);
    expect(plans.filter((step) => step.startsWith("SCAN") || step.includes("TEMP B-TREE"))).toEqual([]);
  });

  test("deleting an experiment finds its runs by index", async () => {
    const { statements } = await spied("experiments/delete", { experiment_id: await newExperiment() });
    const plans = await plansOf(statements);
    expect(plans.filter((step) => step.startsWith("SCAN"))).toEqual([]);
    expect(plans.join("\n")).toContain("runs_hot");
  });
});
