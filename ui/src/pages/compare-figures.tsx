import { useState } from "preact/hooks";
import { ChartGrid } from "../charts/chart-grid";
import type { ChartControls } from "../charts/use-context";
import { Parallel } from "../compare/parallel";
import { Scatter } from "../compare/scatter";
import { Segments } from "../parts/segments";
import type { Compared } from "./compare-table";

export type Figure = "curves" | "parallel" | "scatter";

const FIGURES: { value: Figure; label: string }[] = [
  { value: "curves", label: "Curves" },
  { value: "parallel", label: "Parallel" },
  { value: "scatter", label: "Scatter" },
];
const CURVES_OF: { value: "value" | "difference"; label: string }[] = [
  { value: "value", label: "Value" },
  { value: "difference", label: "Difference from baseline" },
];
const CURVES = 12;

interface Props {
  figure: Figure;
  onFigure: (figure: Figure) => void;
  compared: Compared;
  controls: ChartControls;
  onRelative: (relative: boolean) => void;
}

/** The compared runs as curves, as lines through their params, or as points in a plane. */
export function CompareFigures({ figure, onFigure, compared, controls, onRelative }: Props) {
  const [all, setAll] = useState(false);
  const { keys } = compared;
  return (
    <section aria-label="Figures">
      <div class="section-head">
        <Segments label="Figure" options={FIGURES} value={figure} onChange={onFigure} />
        {figure === "curves" && compared.baseline && (
          <Segments
            label="Curves of"
            options={CURVES_OF}
            value={controls.context.relative ? "difference" : "value"}
            onChange={(value) => onRelative(value === "difference")}
          />
        )}
        <p class="quiet small push wide-only-inline">
          Bars point right when better. Drag to zoom all charts, double-click to reset.
        </p>
      </div>
      {figure === "curves" && (
        <>
          <ChartGrid
            controls={controls}
            metrics={all ? keys : keys.slice(0, CURVES)}
            none="These runs have no metrics."
          />
          {!all && keys.length > CURVES && (
            <button type="button" class="button" onClick={() => setAll(true)}>
              Show all {keys.length} charts
            </button>
          )}
        </>
      )}
      {figure === "parallel" && <Parallel compared={compared} />}
      {figure === "scatter" && <Scatter compared={compared} />}
    </section>
  );
}
