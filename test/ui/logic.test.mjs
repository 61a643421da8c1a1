import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./pure.mjs";

const { difference, formatDifference, speakDifference } = await load("lib/compare.ts");
const track = await load("charts/track.ts");
const { spread } = await load("charts/line.ts");
const { dueTurns } = await load("charts/frames.ts");
const { yRange } = await load("charts/range.ts");
const column = await load("table/column.ts");
const { arrange } = await load("table/arrange.ts");
const { countMisplaced, holdPositions } = await load("table/positions.ts");
const { RunColumns } = await load("table/columns-data.ts");
const { createRunProtocol } = await load("data/run-feed.ts");
const language = await load("filter/language.ts");
const { suggestionsFor } = await load("filter/suggest.ts");
const format = await load("lib/format.ts");
const { compareNames } = await load("lib/runs.ts");
const { toCsv } = await load("lib/csv.ts");
const { readSeparated } = await load("artifacts/kinds.ts");
const { tarHeader } = await load("artifacts/tar.ts");

describe("a difference from the baseline", () => {
  /** @type {[number, number, "max" | "min" | undefined, string, string][]} */
  const cases = [
    [0.9731, 0.9657, "max", "+0.77%", "better by 0.77 percent"],
    [0.1276, 0.134, "min", "\u22124.8%", "better by 4.8 percent"],
    [231.4, 182, "min", "+27.1%", "worse by 27 percent"],
    [1.0001, 1, "max", "= 0.0%", "equal to the baseline"],
    [0.5, 0, "min", "+0.5000", "worse by 0.5000"],
    [2, 1, undefined, "+100.0%", "higher by 100 percent"],
    [-1, -2, "max", "+50.0%", "better by 50 percent"],
  ];
  for (const [value, base, direction, written, said] of cases) {
    test(`${value} beside ${base}, ${direction}: ${written}`, () => {
      const found = difference(value, base, direction);
      assert.equal(formatDifference(found), written);
      assert.equal(speakDifference(found), said);
    });
  }
  test("there is none of what is missing or no number", () => {
    for (const [value, base] of [
      [undefined, 1],
      [1, undefined],
      [Number.NaN, 1],
      [1, Number.POSITIVE_INFINITY],
    ])
      assert.equal(difference(value, base, "max"), undefined);
  });
});

describe("a track", () => {
  const fresh = () => track.emptyTrack("r", "k", undefined);

  test("takes points in any order, each once", () => {
    const one = fresh();
    for (const [x, value] of [
      [1, 10],
      [3, 30],
      [2, 20],
      [3, 30],
      [2, 20],
    ])
      track.addPoint(one, x, value, 0);
    assert.deepEqual(one.x, [1, 2, 3]);
    assert.deepEqual(one.last, [10, 20, 30]);
  });

  test("stays bounded however many points come, and counts all of them", () => {
    const one = fresh();
    for (let i = 0; i < 100_000; i++) track.addPoint(one, i, Math.sin(i), 0);
    assert.ok(one.x.length <= track.MAX_ROWS);
    assert.equal(track.countPoints(one).points, 100_000);
    assert.equal(one.x.at(-1), 99_999);
    assert.ok(track.extremes(one).max > 0.999);
  });

  test("smooths as TensorBoard does, passing over NaN", () => {
    const out = track.smooth([1, Number.NaN, 2], 0.5);
    assert.equal(out[0], 1);
    assert.ok(Number.isNaN(out[1]));
    assert.ok(Math.abs(out[2] - (0.5 * 0.5 + 0.5 * 2) / 0.75) < 1e-12);
  });
});

describe("the y axis", () => {
  const ramp = Array.from({ length: 1000 }, (_, i) => 1 + i / 1000);
  test("leaves out what alone more than doubles it, and says so", () => {
    const range = yRange([[...ramp, 500]], { log: false, whole: false });
    assert.ok(range.clipped && range.max < 3);
    assert.ok(!yRange([[...ramp, 500]], { log: false, whole: true }).clipped);
  });
  test("keeps a threshold in view, and zero out of a logarithm", () => {
    assert.ok(yRange([ramp], { log: false, whole: false, always: [9] }).max >= 9);
    assert.ok(yRange([[0, -1, 10]], { log: true, whole: true }).min > 0);
    assert.equal(yRange([[]], { log: false, whole: false }), undefined);
  });
});

describe("a table's address", () => {
  test("holds columns with commas and widths", () => {
    const columns = [
      { kind: "metric", key: "a,b", width: 140 },
      { kind: "param", key: "lr", width: undefined },
    ];
    assert.equal(column.formatColumns(columns), "m:a,,b@140,p:lr");
    assert.deepEqual(column.splitList("m:a,,b@140,p:lr").map(column.parseColumn), columns);
  });
  test("orders by several columns, ties newest first", () => {
    const sorts = column.parseSort("-m:loss,a:name");
    assert.deepEqual(column.orderBy(sorts), [
      "metrics.`loss` DESC",
      "attributes.run_name ASC",
      "attributes.start_time DESC",
    ]);
    assert.equal(column.formatSort(sorts), "-m:loss,a:name");
    assert.equal(column.parseSort("nonsense"), undefined);
  });
});

describe("rows", () => {
  const data = new RunColumns();
  data.total = 3;
  data.append({
    offset: 0,
    rows: 3,
    run_id: ["a", "b", "c"],
    experiment_id: ["1", "1", "1"],
    run_name: ["a", "b", null],
    status: ["FINISHED", "RUNNING", "FAILED"],
    user_id: ["u", null, "u"],
    start_time: [3, 2, 1],
    end_time: [4, null, 2],
    live: [0, 1, 0],
    lifecycle_stage: ["active", "active", "active"],
    metrics: { loss: { value: [0.5, null, 0.1], step: [1, null, 1], timestamp: [1, null, 1] } },
    params: { arch: { values: ["x", "y"], index: [0, 1, 0] } },
  });
  data.done = true;

  test("stand as the server sent them, without the baseline's", () => {
    const items = arrange(data, { open: new Set(), without: 1 });
    assert.equal(items.count, 2);
    assert.deepEqual([items.at(0).row, items.at(1).row], [0, 2]);
  });
  test("order with missing values last both ways", () => {
    const values = (/** @type {number} */ row) => data.metrics.get("loss")[row];
    for (const [descending, expected] of [
      [true, [0, 2, 1]],
      [false, [2, 0, 1]],
    ]) {
      const items = arrange(data, { open: new Set(), sort: { values, descending } });
      assert.deepEqual(
        [0, 1, 2].map((i) => items.at(i).row),
        expected,
      );
    }
  });
  test("fold into groups", () => {
    const items = arrange(data, { open: new Set(["=x"]), group: data.params.get("arch") });
    assert.deepEqual(
      Array.from({ length: items.count }, (_, i) => items.at(i).kind),
      ["group", "row", "row", "group"],
    );
  });
});

describe("a run's feed", () => {
  test("gives whole stretches, forgets what was cut off, and says where to go on", () => {
    /** @type {string[]} */
    const told = [];
    const protocol = createRunProtocol({
      onRun: () => told.push("run"),
      onPoints: (/** @type {object} */ keys) => told.push(Object.keys(keys).join()),
      onGap: () => told.push("gap"),
      onReady: () => told.push("ready"),
    });
    assert.equal(protocol.take({ type: "run", run_id: "r", status: "RUNNING", sequence: 5 }), 5);
    assert.equal(protocol.take({ type: "points", keys: { a: [] } }), undefined);
    assert.equal(protocol.take({ type: "points", keys: { b: [] }, sequence: 9 }), 9);
    protocol.take({ type: "points", keys: { c: [] } });
    protocol.lost();
    assert.equal(protocol.sequence(), 9);
    assert.equal(protocol.take({ type: "points", keys: { d: [] }, sequence: 12 }), 12);
    assert.equal(protocol.take({ type: "gap", sequence: 40 }), 40);
    assert.deepEqual(told, ["run", "ready", "a", "b", "d", "gap"]);
  });
});

describe("the filter bar", () => {
  test("takes what the server takes, and points at what it does not", () => {
    assert.equal(language.problemOf("metrics.`val/auc` > 0.96 and (params.arch = 'x' or not tags.a = 'b')"), undefined);
    const problem = language.problemOf("metrics.`val/auc` > 0.96 and params.arch = 'ft-transf' and tgs.x = '1'");
    assert.equal(problem.message, "Column 60: unknown kind “tgs”. Did you mean tags?");
    assert.deepEqual([problem.start, problem.end], [59, 62]);
  });
  test("makes names of plain words", () => {
    assert.ok(language.plainWords("fraud v4") && !language.plainWords("status = 'x'"));
    assert.equal(language.nameFilter("ana's"), `run_name ILIKE "%ana's%"`);
    assert.equal(language.problemOf(language.nameFilter("fraud v4")), undefined);
  });
  test("completes kinds, keys, operators and values", () => {
    const keys = {
      metrics: [{ key: "val/auc", runs: 9 }],
      params: [{ key: "arch", runs: 9, values: 2 }],
      tags: [],
    };
    const at = (/** @type {string} */ text) =>
      suggestionsFor(language.expectedAt(text, text.length), { keys, values: [{ value: "ft", runs: 3 }] }).map(
        (/** @type {{ insert: string }} */ { insert }) => insert.trim(),
      );
    assert.equal(at("auc")[0], "metrics.`val/auc`");
    assert.deepEqual(at("metrics.`val/auc` >"), [">", ">="]);
    assert.deepEqual(at("params.arch = "), ["'ft'"]);
    assert.deepEqual(at("params.arch = 'ft' "), ["and", "or"]);
  });
  test("adds and takes away conditions", () => {
    assert.equal(language.withCondition("a = 1 or b = 2", "c = 3"), "(a = 1 or b = 2) and c = 3");
    assert.equal(language.withoutLast("a = 1 and b = 2"), "a = 1");
  });
});

describe("rows under a refresh", () => {
  /** @param {string} shown @param {string} fresh */
  const held = (shown, fresh) => {
    const { order, moved } = holdPositions([...shown], [...fresh]);
    return [order.map((/** @type {number} */ row) => fresh[row]).join(""), moved];
  };
  test("stay where they are; those that moved are counted", () => {
    assert.deepEqual(held("abcd", "dabc"), ["abcd", 1]);
    assert.deepEqual(held("abcd", "badc"), ["abcd", 2]);
    assert.deepEqual(held("abc", "abc"), ["abc", 0]);
  });
  test("let new ones in at their places, and gone ones go", () => {
    assert.deepEqual(held("abc", "nabxc"), ["nabxc", 0]);
    assert.deepEqual(held("abc", "ncbxa"), ["nabxc", 2]);
    assert.deepEqual(held("abc", "ac"), ["ac", 0]);
  });
  test("whose values change are wrong between their neighbours", () => {
    const values = [1, 5, 3, undefined];
    const value = (/** @type {number} */ row) => values[row];
    assert.equal(countMisplaced([1], value, { count: 4, descending: false }), 1);
    assert.equal(countMisplaced([0, 3], value, { count: 4, descending: false }), 0);
  });
});

describe("files", () => {
  test("CSV is quoted, and runs nothing in a spreadsheet", () => {
    assert.equal(toCsv([["a,b", 'say "x"', -1.5, "=1+1", undefined]]), `"a,b","say ""x""",-1.5,'=1+1,`);
  });
  test("CSV is read back", () => {
    assert.deepEqual(readSeparated('a,"b,""c"""\r\n1,2', ","), [
      ["a", 'b,"c"'],
      ["1", "2"],
    ]);
  });
  test("a tar header has a sum that holds", () => {
    const block = tarHeader("notes.txt", 5);
    const stored = Number.parseInt(new TextDecoder().decode(block.subarray(148, 154)), 8);
    const copy = block.slice();
    copy.fill(32, 148, 156);
    assert.equal(
      stored,
      copy.reduce((/** @type {number} */ sum, /** @type {number} */ byte) => sum + byte, 0),
    );
    assert.throws(() => tarHeader("x".repeat(300), 1), /too long/);
  });
});

describe("what one frame draws", () => {
  /** @param {number} due @param {number} [rows] */
  const turn = (due, rows) => ({ due, rows });

  test("of updates one, the first that is due", () => {
    const waiting = [turn(50), turn(10), turn(5)];
    assert.deepEqual(dueTurns(waiting, 20), [turn(10)]);
    assert.deepEqual(waiting, [turn(50), turn(5)]);
    assert.deepEqual(dueTurns([turn(50)], 20), []);
  });

  test("charts that draw their first lines go together, as many as there is room for", () => {
    const waiting = [turn(0, 600), turn(0), turn(0, 600), turn(0, 90_000), turn(0, 1200)];
    assert.deepEqual(dueTurns(waiting, 20), [turn(0, 600), turn(0, 600), turn(0, 1200)]);
    assert.deepEqual(dueTurns(waiting, 20), [turn(0)]);
    assert.deepEqual(dueTurns(waiting, 20), [turn(0, 90_000)]);
  });
});

describe("names", () => {
  test("are in order, numbers by their size, capitals beside small letters", () => {
    const names = ["m10", "M3", "m2", "loss", "m2/a", "m02", "a-1"];
    assert.deepEqual(names.toSorted(compareNames), ["a-1", "loss", "m02", "m2", "m2/a", "M3", "m10"]);
  });
});

describe("numbers and times in words", () => {
  test("thousands stand apart, a minus is one", () => {
    assert.deepEqual([0, 999, 1000, -123_456, 1_234_567, 9999.6].map(format.formatCount), [
      "0",
      "999",
      "1,000",
      "\u2212123,456",
      "1,234,567",
      "10,000",
    ]);
  });
  test("ticks of a clock are as fine as the step between them", () => {
    const at = new Date(2026, 10, 20, 17, 2, 5).getTime();
    assert.equal(format.formatClock(at, 1000), "17:02:05");
    assert.equal(format.formatClock(at, 60_000), "17:02");
    assert.equal(format.formatClock(at, 86_400_000), "20 Nov");
    assert.equal(format.formatTime(at), "20 Nov 2026, 17:02:05");
  });
});

describe("names at the ends of lines", () => {
  test("stand where their lines end, and below each other where these are close", () => {
    assert.deepEqual(spread([50, 10, 90], 13, 200), [50, 10, 90]);
    assert.deepEqual(spread([52, 50, 51], 13, 200), [76, 50, 63]);
    assert.deepEqual(spread([200, 199], 13, 200), [200, 187]);
  });
});
