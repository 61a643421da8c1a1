/** Everything that is measured, grouped; averages are over the series of a group. */
import curves from "./curves.json";
import { measure, type Result } from "./measure";
import { type Series, shapes, variants } from "./shapes";

export interface Group {
  title: string;
  results: Result[];
}

function trained(): Series[] {
  return Object.entries(curves).map(([name, { steps, timestamps, values }]) => ({
    name,
    what: "really trained",
    columns: {
      steps: Float64Array.from(steps),
      timestamps: Float64Array.from(timestamps),
      values: Float64Array.from(values),
    },
  }));
}

export function runSuite(points: number, milliseconds: number): Group[] {
  const groups: [string, Series[]][] = [
    ["synthetic", shapes(points)],
    ["variants", variants(points)],
    ["trained", trained()],
  ];
  // What runs first would be timed before it is compiled.
  for (const [, series] of groups) for (const each of series) measure(each, 1);
  return groups.map(([title, series]) => ({ title, results: series.map((each) => measure(each, milliseconds)) }));
}

export default {
  fetch(request: Request): Response {
    const options = new URL(request.url).searchParams;
    return Response.json(runSuite(Number(options.get("points")), Number(options.get("milliseconds"))));
  },
};
