import { describe, expect, it } from "vitest";
import { sampleRanks } from "../../src/metrics/sampling";

describe("sampleRanks", () => {
  // As MLflow 3.17.2's own server answered for 1,000 points.
  it.each([
    [10, [0, 100, 200, 300, 400, 500, 600, 700, 800, 999]],
    [7, [0, 143, 286, 429, 572, 715, 999]],
    [2, [0, 999]],
    [1, [999]],
  ])("keeps %i of 1,000", (limit, ranks) => expect(sampleRanks(1000, limit)).toEqual(ranks));

  it("keeps everything that fits, and nothing of nothing", () => {
    expect(sampleRanks(3, 5)).toEqual([0, 1, 2]);
    expect(sampleRanks(3, 3)).toEqual([0, 1, 2]);
    expect(sampleRanks(0, 5)).toEqual([]);
  });
});
