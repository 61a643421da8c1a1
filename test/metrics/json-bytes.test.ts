/** JSON written into bytes says what JSON.stringify says. */
import { expect, it } from "vitest";
import { JsonBytes } from "../../src/metrics/json-bytes";
import { random } from "./helpers";

const EDGES = [
  0,
  1,
  -1,
  9,
  10,
  99_999_999,
  1e8,
  100_000_001,
  1e15,
  2 ** 53,
  -(2 ** 53),
  -1e8,
  -99_999_999,
  12_300_000_000,
];

it("writes integers and doubles of all sizes", () => {
  const next = random(7);
  const integers = [...EDGES];
  for (let i = 0; i < 50_000; i++) integers.push(Math.round((next() - 0.5) * 10 ** Math.floor(next() * 16.9)));
  const doubles = integers.map((n, i) => (i % 3 === 0 ? n : (next() - 0.5) * 10 ** Math.floor(next() * 600 - 300)));
  doubles.push(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 0.1, 1e21, 5e-324);
  const steps = Float64Array.from(doubles, (_, i) => integers[i % integers.length] as number);
  const timestamps = Float64Array.from(doubles, (_, i) => integers[(i * 7) % integers.length] as number);
  const json = new JsonBytes();
  json.text("[");
  json.metrics({ steps, timestamps, values: Float64Array.from(doubles) }, '"ключ"', ',"run_id":"r"');
  json.text("]");
  const expected = doubles.map((value, i) => ({
    key: "ключ",
    value,
    timestamp: timestamps[i],
    step: steps[i],
    run_id: "r",
  }));
  expect(new TextDecoder().decode(json.bytes)).toBe(JSON.stringify(expected));
});

it("quotes NaN, and writes nothing of nothing", () => {
  const columns = (values: number[]) => ({
    steps: new Float64Array(values.length),
    timestamps: new Float64Array(values.length),
    values: Float64Array.from(values),
  });
  const json = new JsonBytes();
  json.metrics(columns([]), '"k"');
  expect(json.bytes.length).toBe(0);
  json.metrics(columns([Number.NaN]), '"k"');
  expect(new TextDecoder().decode(json.bytes)).toBe('{"key":"k","value":"NaN","timestamp":0,"step":0}');
});
