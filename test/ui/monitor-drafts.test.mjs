import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./pure.mjs";

const drafts = await load("monitors/draft.ts");
const nice = await load("monitors/nice.ts");
const words = await load("monitors/words.ts");

describe("a monitor being written", () => {
  const rule = { metric: "latency_ms", window: { points: 1 }, aggregate: "last", consecutive: 1, recovery: 1 };
  const base = { ...rule, cooldown_minutes: 5, direction: "min", severity: "critical", name: "slow", notify: [] };
  const other = { ...base, direction: "either" };
  /** @type {object[]} */
  const monitors = [
    {
      ...base,
      scope: { experiment_id: "7", filter: "tags.env = 'x'" },
      condition: { type: "threshold", value: -2.5e-7 },
    },
    {
      ...base,
      scope: { run_id: "ab" },
      window: { minutes: 0.5 },
      aggregate: "p95",
      every: 7,
      condition: { type: "baseline", baseline: { model: "m", alias: "a@b" }, margin: 0.015, relative: true },
    },
    {
      ...base,
      direction: "max",
      scope: { model: "m", alias: "champion" },
      consecutive: 3,
      condition: { type: "baseline", baseline: { trailing: { minutes: 90 } }, margin: 2, relative: false },
    },
    { ...other, scope: { run_id: "ab" }, condition: { type: "change", z: 4.5, trailing: { points: 200 } } },
    {
      ...other,
      scope: { experiment_id: "7" },
      window: { points: 500 },
      condition: { type: "drift", test: "psi", baseline: { experiment: true }, limit: 0.2, bins: 12 },
    },
    {
      ...other,
      scope: { experiment_id: "7" },
      window: { minutes: 2880 },
      condition: { type: "drift", test: "ks", baseline: { run_id: "cd" }, limit: 0.05, bins: 10 },
    },
    { ...other, scope: { experiment_id: "7" }, condition: { type: "silence", minutes: 1440 } },
  ];
  for (const monitor of monitors) {
    const { condition } = /** @type {{ condition: { type: string } }} */ (monitor);
    test(`comes out as it went in: ${condition.type}`, () => {
      assert.deepEqual(drafts.inputOf(drafts.draftOf(monitor)), { input: monitor });
    });
  }

  test("keeps a target's secret where none is written", () => {
    const notify = [{ format: "json", url: "https://example.com", signed: true }];
    const draft = drafts.draftOf({ ...monitors[0], notify });
    assert.deepEqual(drafts.inputOf(draft).input.notify, [{ format: "json", url: "https://example.com" }]);
    draft.targets[0].secret = "s";
    assert.deepEqual(drafts.inputOf(draft).input.notify, [{ format: "json", url: "https://example.com", secret: "s" }]);
  });

  test("begins where an address says, and names the slot that lacks something", () => {
    const draft = drafts.newDraft("model:a@b@c", "val/auc", "0.9");
    assert.deepEqual([draft.model, draft.alias, draft.side, draft.value], ["a@b", "c", "below", "0.9"]);
    assert.deepEqual(drafts.inputOf({ ...draft, value: "0,9" }), { gap: "value" });
    assert.deepEqual(drafts.inputOf({ ...draft, alias: "" }), { gap: "alias" });
    assert.equal(drafts.newDraft("nonsense", null, "NaN").value, "");
  });

  test("a drift asks for a window, and gives it back", () => {
    const draft = drafts.newDraft(null, "score", null);
    const drift = drafts.withKind(draft, "drift");
    assert.deepEqual(drift.window, { amount: "200", unit: "points" });
    assert.deepEqual(drafts.withKind(drift, "threshold").window, { amount: "1", unit: "points" });
  });

  /** @type {[string, string][]} */
  const refusals = [
    ["Invalid value 0 for parameter 'consecutive' supplied: Expected >=1.", "rule"],
    ["Missing value for required parameter 'condition.value'.", "rule"],
    ["Invalid monitor: a drift needs a window of at least 5 points.", "rule"],
    ["Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https.", "tell"],
    ["Webhook URL must not resolve to a non-public IP address. 10.0.0.1 is private.", "tell"],
    ["No Experiment with id=9 exists", "scope"],
    ["Run with id=9 not found", "scope"],
    ["Invalid value -1 for parameter 'cooldown_minutes' supplied", "more"],
    ["There are 100 monitors of this scope already. Delete one before creating another.", "form"],
  ];
  for (const [message, part] of refusals) {
    test(`a refusal stands beside its field: ${message.slice(0, 40)}`, () =>
      assert.equal(drafts.partOf(message), part));
  }

  test("the line moves by nice steps", () => {
    assert.deepEqual([100, 160, 0.31, 3e-7, 0].map(nice.niceStep), [0.5, 1, 0.002, 2e-9, 0.01]);
    assert.equal(nice.snap(0.30000000000000004, 0.002), 0.3);
    const values = Array.from({ length: 100 }, (_, i) => i);
    assert.equal(nice.outlyingValue(values, "above") >= 94, true);
    assert.equal(nice.outlyingValue(values, "below") <= 5, true);
    assert.equal(nice.outlyingValue([Number.NaN], "above"), undefined);
  });

  test("the metric and the limit stand out in the server's sentence", () => {
    const parts = words.emphasized("p95 of a over 5 min is above 200, 3 times in a row", {
      metric: "a",
      condition: { type: "threshold", value: 200 },
    });
    assert.deepEqual(
      parts.filter((/** @type {{ strong: boolean }} */ { strong }) => strong).map((/** @type {any} */ p) => p.text),
      ["a", "200"],
    );
  });
});
