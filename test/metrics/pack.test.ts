import { describe, expect, it } from "vitest";
import { decodePacks, encodePack } from "../../src/metrics/pack";
import { Series } from "../../src/metrics/series";
import { type Point, packOf } from "./helpers";

function unpack(bytes: Uint8Array): Record<string, Point[]> {
  const out: Record<string, Point[]> = {};
  decodePacks(bytes, (key, step, timestamp, value) => {
    out[key] ??= [];
    out[key].push([step, timestamp, value]);
  });
  return out;
}

describe("packs", () => {
  it("carry every legal observation exactly", () => {
    const top = Number.MAX_SAFE_INTEGER;
    const points: Record<string, Point[]> = {
      "loss/é": [
        [top, 0, Number.NaN],
        [-top, top, -Number.MAX_VALUE],
        [top - 1, 1, 5e-324],
        [-1, 2 ** 51 + 1, 0.1],
      ],
      small: [
        [3, 1_700_000_000_123, 1 / 3],
        [-7, 1_700_000_000_122, 2],
        [2 ** 40 + 1, 5, -1],
      ],
      none: [],
    };
    const { none, ...rest } = points;
    expect(unpack(packOf(points))).toEqual(rest);
    expect(none).toEqual([]);
  });

  it("lie end to end in a row", () => {
    const one = packOf({ a: [[1, 2, 3]] });
    const two = packOf({ a: [[4, 5, 6]], b: [[7, 8, 9]] });
    const row = new Uint8Array([...one, ...two]);
    expect(unpack(row)).toEqual({
      a: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      b: [[7, 8, 9]],
    });
  });

  it("of an unknown version are refused", () => {
    const bytes = encodePack([]);
    bytes[0] = 9;
    expect(() => unpack(bytes)).toThrow(/unknown version 9/);
  });
});

describe("Series", () => {
  it("drops exact repeats while it grows, and what it is told to forget", () => {
    const series = new Series();
    const points = Array.from({ length: 1000 }, (_, i): Point => [i % 250, 10 + (i % 250), (i % 250) / 3]);
    expect(points.filter((p) => series.add(...p)).length).toBe(250);
    expect(series.length).toBe(250);
    series.drop(100);
    expect(series.length).toBe(150);
    expect(series.add(100, 110, 100 / 3)).toBe(false);
    expect(series.add(0, 10, 0)).toBe(true);
    expect(series.latest()).toEqual({ step: 249, timestamp: 259, value: 83 });
  });
});
