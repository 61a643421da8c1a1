import { describe, expect, it } from "vitest";
import type { Columns } from "../../src/metrics/block";
import { pointsMessages } from "../../src/metrics/live-messages";
import { Ring } from "../../src/metrics/ring";
import { thin } from "../../src/metrics/thin";

const columns = (values: number[]): Columns => ({
  steps: Float64Array.from(values, (_, i) => i),
  timestamps: Float64Array.from(values, (_, i) => 1000 + i),
  values: Float64Array.from(values),
});

const noise = (n: number) => Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898) * 43758.5453);

describe("thin", () => {
  it("leaves what is short enough alone", () => {
    const all = columns(noise(50));
    expect(thin(all, 50)).toBe(all);
    expect(thin(columns([]), 5).values).toHaveLength(0);
  });

  it("keeps the first, the last, and the extremes of every bucket, in order", () => {
    const all = columns(noise(10_000));
    const few = thin(all, 500);
    expect(few.values.length).toBeLessThanOrEqual(500);
    expect([...few.steps]).toEqual([...few.steps].sort((a, b) => a - b));
    expect(new Set(few.steps).size).toBe(few.steps.length);
    for (let bucket = 0; bucket < 100; bucket++) {
      const [from, to] = [bucket * 100, bucket * 100 + 100];
      const own = all.values.subarray(from, to);
      const kept = [...few.values].filter((_, i) => (few.steps[i] ?? 0) >= from && (few.steps[i] ?? 0) < to);
      expect(kept).toContain(Math.min(...own));
      expect(kept).toContain(Math.max(...own));
      expect(kept[0]).toBe(own[0]);
      expect(kept.at(-1)).toBe(own[99]);
    }
  });

  it("keeps a NaN among numbers, and copes with nothing but NaN", () => {
    const values = noise(1000);
    values[555] = Number.NaN;
    expect([...thin(columns(values), 50).values].filter(Number.isNaN)).toHaveLength(1);
    expect(thin(columns(values.map(() => Number.NaN)), 50).values.length).toBeLessThanOrEqual(50);
  });

  it("keeps one bucket even of a limit below five", () => {
    expect([...thin(columns([3, 9, 1, 5]), 1).values]).toEqual([3, 9, 1, 5]);
    expect(thin(columns(noise(100)), 1).values.length).toBeLessThanOrEqual(5);
  });
});

describe("pointsMessages", () => {
  const parse = (texts: Iterable<string>) =>
    Array.from(texts, (t) => JSON.parse(t) as { sequence?: number; thinned?: true; keys: Record<string, unknown[]> });

  it("writes triples, NaN as a text, and says what it leads to", () => {
    const keyed = new Map([["a", columns([1, Number.NaN])]]);
    expect(parse(pointsMessages(keyed, 7))).toEqual([
      {
        type: "points",
        sequence: 7,
        keys: {
          a: [
            [0, 1000, 1],
            [1, 1001, "NaN"],
          ],
        },
      },
    ]);
  });

  it("cuts what is long into several, the sequence only at the end, nothing lost", () => {
    const keyed = new Map([
      ["a", columns(noise(12_000))],
      ["b", columns(noise(13_000))],
    ]);
    const messages = parse(pointsMessages(keyed, 9));
    expect(messages.map((m) => m.sequence)).toEqual([undefined, undefined, 9]);
    for (const [key, { values }] of keyed) {
      const got = messages.flatMap((m) => (m.keys[key] ?? []) as [number, number, number][]);
      expect(got.map(([, , v]) => v)).toEqual([...values]);
    }
  });

  it("says when it left something out", () => {
    const keyed = new Map([["a", columns(noise(1000))]]);
    expect(parse(pointsMessages(keyed, 9, 500))[0]).toMatchObject({ thinned: true });
    expect(parse(pointsMessages(keyed, 9, 1000))[0]).not.toHaveProperty("thinned");
  });
});

describe("Ring", () => {
  const add = (ring: Ring, from: number, to: number) => {
    for (let i = from; i < to; i++) ring.add(i % 3 === 0 ? "third" : "other", i, i, i);
  };
  const stepsAfter = (ring: Ring, sequence: number) =>
    [...ring.after(sequence).values()].flatMap((c) => [...c.steps]).sort((a, b) => a - b);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  it("shows nothing before it is confirmed", () => {
    const ring = new Ring(100);
    add(ring, 0, 5);
    expect([ring.start, ring.end]).toEqual([100, 100]);
    ring.confirm(105);
    expect([ring.start, ring.end]).toEqual([100, 105]);
    expect(stepsAfter(ring, 102)).toEqual([2, 3, 4]);
    expect([...ring.after(100, new Set(["third"])).keys()]).toEqual(["third"]);
  });

  it("learns its place from the first confirmation", () => {
    const ring = new Ring();
    add(ring, 0, 5);
    expect(ring.start).toBeUndefined();
    ring.confirm(50);
    expect([ring.start, ring.end]).toEqual([45, 50]);
  });

  it("grows, then lets the oldest go", () => {
    const ring = new Ring(0, 4096);
    for (let i = 0; i < 10_000; i += 100) {
      add(ring, i, i + 100);
      ring.confirm(i + 100);
      const start = ring.start ?? -1;
      expect(start).toBe(Math.max(0, i + 100 - 4096));
      expect(stepsAfter(ring, start)).toEqual(range(start, i + 100));
    }
  });

  it("starts anew when the count says that it missed something", () => {
    const ring = new Ring(0);
    add(ring, 0, 5);
    ring.confirm(7);
    expect([ring.start, ring.end]).toEqual([7, 7]);
    add(ring, 7, 9);
    ring.confirm(9);
    expect(stepsAfter(ring, 7)).toEqual([7, 8]);
  });
});
