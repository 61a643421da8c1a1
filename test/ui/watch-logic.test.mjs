import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./pure.mjs";

const marks = await load("charts/marks.ts");
const draft = await load("policies/draft.ts");
const { summarize } = await load("charts/describe.ts");
const { yRange } = await load("charts/range.ts");

const monitor = {
  enabled: true,
  severity: "critical",
  aggregate: "last",
  direction: "min",
  scope: { experiment_id: "1" },
  condition: { type: "threshold", value: 200 },
};
const alert = { alert_id: "a", state: "firing", severity: "warning", opened_time: 5, opened_step: 3, reopened: 0 };

describe("a threshold on a chart", () => {
  test("lies on the side that the direction tells, and says so", () => {
    assert.deepEqual(marks.limitOf(monitor), { value: 200, side: "above", label: "critical above 200" });
    assert.deepEqual(marks.limitOf({ ...monitor, direction: "max", aggregate: "mean", severity: "info" }), {
      value: 200,
      side: "below",
      label: "info mean below 200",
    });
  });

  for (const [what, change] of Object.entries({
    "of a monitor that is off": { enabled: false },
    "of another kind": { condition: { type: "silence", minutes: 5 } },
    "of a rate, which is no value of the metric": { aggregate: "rate" },
  })) {
    test(`is not drawn ${what}`, () => assert.equal(marks.limitOf({ ...monitor, ...change }), undefined));
  }

  test("is in view whatever the line does", () => {
    const range = yRange([[1, 2, 3]], { log: false, whole: false, always: [10] });
    assert.ok(range.min < 1 && range.max > 10);
  });
});

describe("a monitor looks at a run", () => {
  const runs = new Set(["r1", "r2"]);
  const matching = new Map([["tags.a = 'b'", new Set(["r2"])]]);
  const at = (/** @type {object} */ scope) => marks.looksAt({ ...monitor, scope }, runs, matching);
  test("of its experiment, unless its filter does not hold", () => {
    assert.equal(at({ experiment_id: "1" }), true);
    assert.equal(at({ experiment_id: "1", filter: "tags.a = 'b'" }), true);
    assert.equal(at({ experiment_id: "1", filter: "tags.a = 'c'" }), false);
  });
  test("that it names, or that is behind its alias", () => {
    assert.equal(at({ run_id: "r1" }), true);
    assert.equal(at({ run_id: "r3" }), false);
    assert.equal(at({ model: "m", alias: "champion" }), true);
  });
});

describe("alerts", () => {
  test("stand where their point is", () => {
    const timed = { ...alert, opened_timestamp: 9000 };
    assert.equal(marks.alertX(timed, "step"), 3);
    assert.equal(marks.alertX(timed, "time"), 9000);
    assert.equal(marks.alertX(timed, "relative", 8000), 1000);
    assert.equal(marks.alertX(timed, "relative", undefined), undefined);
  });

  test("are told again and in any order: the later state stays", () => {
    const over = { ...alert, state: "resolved" };
    const again = { ...alert, reopened: 1 };
    const seen = { ...alert, acknowledged_time: 7 };
    for (const [earlier, later] of [
      [alert, over],
      [over, again],
      [alert, seen],
      [seen, over],
    ]) {
      assert.equal(marks.laterOf(earlier, later), later);
      assert.equal(marks.laterOf(later, earlier), later);
    }
    const told = new Map([
      ["a", over],
      ["b", { ...alert, alert_id: "b", opened_time: 9 }],
    ]);
    assert.deepEqual(
      marks
        .merged([seen], told)
        .map((/** @type {{ alert_id: string, state: string }} */ one) => one.alert_id + one.state),
      ["bfiring", "aresolved"],
    );
  });

  test("the gravest come first, then the newest", () => {
    const of = (/** @type {string} */ severity, /** @type {number} */ opened_time) => ({ severity, opened_time });
    const sorted = marks.gravestFirst([of("info", 9), of("critical", 1), of("warning", 3), of("critical", 2)]);
    assert.deepEqual(
      sorted.map((/** @type {{ opened_time: number }} */ one) => one.opened_time),
      [2, 1, 3, 9],
    );
  });

  test("too near to each other are pressed together", () => {
    const at = (/** @type {number[]} */ ...lefts) => lefts.map((left) => ({ left }));
    assert.deepEqual(marks.clustered(at(50, 0, 20, 24), 24), [at(0, 20), at(24), at(50)]);
    assert.deepEqual(marks.clustered([], 24), []);
  });

  test("are in the chart's sentence", () => {
    const track = { x: [0, 1], last: [1, 2], min: [1, 2], max: [1, 2], count: [1, 1], nans: [0, 0] };
    const line = { id: "r", name: "run", baseline: false, track };
    const said = (/** @type {number} */ alerts) =>
      summarize("loss", [line], { direction: "min", loaded: true, alerts });
    assert.equal(said(2), "loss, 2 points, latest 2, best 1.000 by run, 2 alerts".replace("1.000", "1"));
    assert.ok(!said(0).includes("alert"));
  });
});

describe("a policy's draft", () => {
  const policy = {
    name: "standards",
    mode: "reject",
    enabled: true,
    experiments: "fraud-*",
    rules: {
      experiment_name: { pattern: "fraud-.+" },
      run_name: { pattern: "[a-z]+-\\d+", example: "ana-1" },
      required_tags: { env: ["training", "production"], owner: [] },
      no_default_experiment: true,
      max_param_length: 500,
    },
  };

  test("comes to the policy that it was made of", () => {
    assert.deepEqual(draft.inputOf(draft.draftOf(policy)), policy);
    assert.deepEqual(draft.problemsOf(draft.draftOf(policy)), {});
    assert.deepEqual(draft.inputOf({ ...draft.draftOf(undefined), name: " a ", experiments: " " }), {
      name: "a",
      mode: "warn",
      enabled: true,
      experiments: "*",
      rules: {},
    });
  });

  const good = draft.draftOf(policy);
  /** @type {[string, object, string][]} */
  const bad = [
    ["name", { name: " " }, "name"],
    ["run_name", { runName: { pattern: "[", example: "" } }, "regular"],
    ["run_name", { runName: { pattern: "", example: "x" } }, "without a pattern"],
    ["experiment_name", { experimentName: { pattern: "a+", example: "b" } }, "does not match"],
    ["required_tags", { tags: [{ key: "", values: "x" }] }, "name"],
    [
      "required_tags",
      {
        tags: [
          { key: "a", values: "" },
          { key: "a", values: "" },
        ],
      },
      "twice",
    ],
    ["max_param_length", { longest: "many" }, "whole number"],
    ["max_param_length", { longest: "6001" }, "whole number"],
    ["all", { ...draft.draftOf(undefined), name: "x" }, "rule"],
  ];
  for (const [field, change, words] of bad) {
    test(`says of ${JSON.stringify(change).slice(0, 60)} what is wrong, beside ${field}`, () => {
      assert.ok(draft.problemsOf({ ...good, ...change })[field]?.includes(words));
    });
  }

  test("tries names as the server will", () => {
    assert.equal(draft.verdictOf("[a-z]+-\\d+", "ana-1"), true);
    assert.equal(draft.verdictOf("[a-z]+-\\d+", "x ana-1"), false);
    assert.equal(draft.verdictOf("[", "ana-1"), undefined);
    assert.equal(draft.verdictOf("a", ""), undefined);
    assert.deepEqual(draft.among("fraud-*", ["fraud-1", "asr"]), ["fraud-1"]);
    assert.deepEqual(draft.among(" ", ["a"]), ["a"]);
  });

  test("finds the field that a refusal names", () => {
    const refusal = (/** @type {string} */ field) => `Invalid value "[" for parameter '${field}' supplied: no.`;
    assert.equal(draft.refusedField(refusal("rules.run_name.pattern")), "run_name");
    assert.equal(draft.refusedField(refusal("name")), "name");
    assert.equal(draft.refusedField("Something else."), undefined);
  });

  test("is said in words", () => {
    assert.deepEqual(draft.rulesInWords(policy.rules), [
      "Experiment names match fraud-.+",
      "Run names match [a-z]+-\\d+",
      "Runs have the tag env: training or production",
      "Runs have the tag owner",
      "No runs in the default experiment",
      "Params of at most 500 characters",
    ]);
  });
});
