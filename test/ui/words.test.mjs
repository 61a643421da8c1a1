import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatTick,
} from "../../ui/src/lib/format.ts";
import { groupByPrefix, keysByUse, lastActivity, toNumber } from "../../ui/src/lib/runs.ts";

describe("figures in words", () => {
  /** @type {[(n: number) => string, [number, string][]][]} */
  const tables = [
    [
      formatNumber,
      [
        [0.97023, "0.9702"],
        [231.44, "231.4"],
        [18240.4, "18,240"],
        [9999.6, "10,000"],
        [5.13e-5, "5.13e\u22125"],
        [-0.5, "\u22120.5000"],
        [-1234567, "\u22121,234,567"],
        [12345678, "1.235e7"],
        [0, "0"],
        [Number.NaN, "NaN"],
        [Number.NEGATIVE_INFINITY, "\u2212∞"],
      ],
    ],
    [
      formatTick,
      [
        [0.95, "0.95"],
        [0.1 + 0.2, "0.3"],
        [5000, "5k"],
        [20000, "20k"],
        [1250, "1.25k"],
        [3e6, "3M"],
        [3e-4, "3e\u22124"],
      ],
    ],
    [
      formatDuration,
      [
        [430, "0.4 s"],
        [48_700, "48 s"],
        [200_000, "3 min 20 s"],
        [7_500_000, "2 h 5 min"],
        [360_000_000, "4 d 4 h"],
        [-5, "0 s"],
      ],
    ],
    [
      formatBytes,
      [
        [312, "312 B"],
        [4200, "4.2 KB"],
        [999_600, "1 MB"],
        [1.3e9, "1.3 GB"],
      ],
    ],
    [
      (ms) => formatAge(0, ms),
      [
        [900, "now"],
        [12_000, "12 s"],
        [840_000, "14 min"],
        [1.2e8, "yesterday"],
        [6e9, "2 mo"],
      ],
    ],
    [formatCount, [[18240, "18,240"]]],
  ];
  for (const [format, cases] of tables) {
    for (const [value, text] of cases) test(`${value} is ${text}`, () => assert.equal(format(value), text));
  }
});

describe("runs", () => {
  const run = (metrics, info = {}) => ({ info, data: { metrics } });

  test("doubles come as numbers or words, infinities also as the largest double", () => {
    assert.equal(toNumber(0.5), 0.5);
    assert.ok(Number.isNaN(toNumber("NaN")));
    assert.equal(toNumber("-Infinity"), Number.NEGATIVE_INFINITY);
    assert.equal(toNumber(Number.MAX_VALUE), Number.POSITIVE_INFINITY);
  });

  test("keys stand by use, the system's last", () => {
    const keys = (...list) => run(list.map((key) => ({ key })));
    const runs = [keys("b", "system/cpu"), keys("a", "b", "system/cpu"), keys("system/cpu")];
    assert.deepEqual(
      keysByUse(runs, ({ data }) => data.metrics),
      ["b", "a", "system/cpu"],
    );
  });

  test("charts are grouped by prefix, plain keys first, then validation, the system's last", () => {
    assert.deepEqual(groupByPrefix(["train/loss", "val/b", "loss", "system/cpu", "/odd", "val/a"]), [
      { prefix: "", keys: ["/odd", "loss"] },
      { prefix: "val", keys: ["val/a", "val/b"] },
      { prefix: "train", keys: ["train/loss"] },
      { prefix: "system", keys: ["system/cpu"] },
    ]);
  });

  test("a point from the future is no activity", () => {
    assert.equal(lastActivity(run([{ key: "a", timestamp: 9e12 }], { start_time: 5000 }), 6000), 5000);
  });
});
