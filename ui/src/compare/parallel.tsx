import { seriesToken } from "../data/theme";
import { runName } from "../lib/runs";
import type { Compared } from "../pages/compare-table";
import { differingParams, metricAxis, paramAxis } from "./axes";

const WIDTH = 1200;
const HEIGHT = 300;
const TOP = 36;
const BOTTOM = 16;
const SIDE = 70;
const PARAMS = 6;
const METRICS = 2;

/** Each run a line through its params to its metrics. */
export function Parallel({ compared }: { compared: Compared }) {
  const all = compared.baseline ? [...compared.runs, compared.baseline] : [...compared.runs];
  const axes = [
    ...differingParams(all)
      .slice(0, PARAMS)
      .map((key) => paramAxis(key, all)),
    ...compared.keys.slice(0, METRICS).map((key) => metricAxis(compared, key, all)),
  ];
  if (axes.length < 2) return <p class="foot-note">These runs differ in nothing that could be an axis.</p>;
  const x = (i: number) => SIDE + (i / (axes.length - 1)) * (WIDTH - 2 * SIDE);
  const y = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <figure class="panel figure-box" tabIndex={0} aria-label="Runs in a figure">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        class="figure"
        role="img"
        aria-label={`Parallel axes of ${all.length} runs: ${axes.map(({ label }) => label).join(", ")}`}
      >
        {axes.map((axis, i) => (
          <g key={axis.id}>
            <line class="figure-axis" x1={x(i)} x2={x(i)} y1={TOP} y2={HEIGHT - BOTTOM} />
            <text class="figure-label" x={x(i)} y={16} text-anchor="middle">
              {axis.label.length > 22 ? `${axis.label.slice(0, 21)}…` : axis.label}
            </text>
            {axis.ticks.map(({ at, label }) => (
              <text class="figure-tick" key={label} x={x(i) + 6} y={y(at) + 4}>
                {label}
              </text>
            ))}
          </g>
        ))}
        {all.map((run, i) => {
          const isBase = run === compared.baseline;
          const points = axes.map((axis, at) => ({ x: x(at), share: axis.place(run) }));
          const known = points.filter((point): point is { x: number; share: number } => point.share !== undefined);
          return (
            <polyline
              key={run.info.run_id}
              class={isBase ? "figure-line figure-base" : "figure-line"}
              style={isBase ? undefined : { stroke: `var(${seriesToken(i)})` }}
              points={known.map((point) => `${point.x},${y(point.share)}`).join(" ")}
            >
              <title>{runName(run.info)}</title>
            </polyline>
          );
        })}
      </svg>
    </figure>
  );
}
