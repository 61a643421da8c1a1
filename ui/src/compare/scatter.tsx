import { useState } from "preact/hooks";
import { seriesToken } from "../data/theme";
import { runName } from "../lib/runs";
import type { Compared } from "../pages/compare-table";
import { differingParams, metricAxis, paramAxis } from "./axes";

const WIDTH = 900;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 140;
const TOP = 16;
const BOTTOM = 44;

/** Each run a point: one thing against another. */
export function Scatter({ compared }: { compared: Compared }) {
  const all = compared.baseline ? [...compared.runs, compared.baseline] : [...compared.runs];
  const params = differingParams(all);
  const choices = [...params.map((key) => `p:${key}`), ...compared.keys.map((key) => `m:${key}`)];
  const [across, setAcross] = useState<string | undefined>(undefined);
  const [up, setUp] = useState<string | undefined>(undefined);
  const xId = across ?? choices[0];
  const yId = up ?? `m:${compared.keys[0] ?? ""}`;
  const axisOf = (id: string) =>
    id.startsWith("p:") ? paramAxis(id.slice(2), all) : metricAxis(compared, id.slice(2), all);
  if (!xId || compared.keys.length === 0) return <p class="foot-note">These runs have no metrics.</p>;
  const xAxis = axisOf(xId);
  const yAxis = axisOf(yId);
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <figure class="panel figure-box" tabIndex={0} aria-label="Runs in a figure">
      <figcaption class="tools">
        <Choice label="Across" value={xId} choices={choices} onChange={setAcross} />
        <Choice label="Up" value={yId} choices={choices} onChange={setUp} />
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        class="figure"
        role="img"
        aria-label={`${yAxis.label} against ${xAxis.label}, ${all.length} runs`}
      >
        {yAxis.ticks.map(({ at, label }) => (
          <g key={label}>
            <line class="figure-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(at)} y2={y(at)} />
            <text class="figure-tick" x={LEFT - 8} y={y(at) + 4} text-anchor="end">
              {label}
            </text>
          </g>
        ))}
        {xAxis.ticks.map(({ at, label }) => (
          <text class="figure-tick" key={label} x={x(at)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
            {label}
          </text>
        ))}
        <text class="figure-label" x={LEFT} y={HEIGHT - 6}>
          {xAxis.label}
        </text>
        {all.map((run, i) => {
          const px = xAxis.place(run);
          const py = yAxis.place(run);
          if (px === undefined || py === undefined) return null;
          const isBase = run === compared.baseline;
          return (
            <g key={run.info.run_id}>
              <circle
                class={isBase ? "figure-dot figure-dot-base" : "figure-dot"}
                style={isBase ? undefined : { fill: `var(${seriesToken(i)})` }}
                cx={x(px)}
                cy={y(py)}
                r={6}
              />
              <text class="figure-name" x={x(px) + 10} y={y(py) + 4}>
                {runName(run.info).slice(0, 20)}
              </text>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: readonly string[];
  onChange: (id: string) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <select class="input select" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map((id) => (
          <option key={id} value={id}>
            {id.slice(2)}
          </option>
        ))}
      </select>
    </label>
  );
}
