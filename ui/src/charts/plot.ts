/** How a chart looks and behaves, as uPlot options. */
import type uPlot from "uplot";
import { token } from "../data/theme";
import { formatClock, formatDuration, formatTick } from "../lib/format";
import type { Series, XKind } from "./series";

export interface PlotSetup {
  width: number;
  height: number;
  xKind: XKind;
  /** Charts with the same name share cursor and zoom. */
  sync: string;
  /** The newest series, read at each drawing. */
  series: () => Series;
  /** The last point stands out as a dot. */
  live: () => boolean;
  /** The index of the point under the cursor, undefined when the cursor is away. */
  onCursor: (index: number | undefined) => void;
}

const FONT = "11px 'Inter Variable', system-ui, sans-serif";

export function plotOptions(setup: PlotSetup): uPlot.Options {
  const color = token("--series-1");
  const axis: uPlot.Axis = {
    stroke: token("--ink3"),
    font: FONT,
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    scales: { x: { time: setup.xKind === "time" } },
    axes: [
      { ...axis, ...xAxisValues(setup.xKind), grid: { show: false }, size: 24, gap: 4, space: 64 },
      { ...axis, values: (_, splits) => splits.map(formatTick), size: 48, gap: 6, space: 32 },
    ],
    series: [
      {},
      {
        stroke: color,
        width: 1.5,
        points: { show: true, size: 6, width: 0, fill: color, filter: () => dots(setup) },
      },
    ],
    cursor: {
      sync: { key: setup.sync },
      y: false,
      drag: { x: true, y: false },
      points: { size: 7, width: 0, fill: color },
    },
    hooks: {
      setCursor: [(plot) => setup.onCursor(plot.cursor.idx ?? undefined)],
      draw: [(plot) => drawBroken(plot, setup.series())],
      ready: [readByTouch],
    },
  };
}

/** Seconds between two ticks of a clock: uPlot would take 100 s. */
const CLOCK_STEPS = [
  0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
  432_000, 864_000, 2_592_000,
];

function xAxisValues(kind: XKind): Pick<uPlot.Axis, "values" | "incrs"> {
  if (kind === "time")
    return { values: (_, splits, _axis, _space, step) => splits.map((at) => formatClock(at * 1000, step * 1000)) };
  if (kind === "rel") {
    return { incrs: CLOCK_STEPS, values: (_, splits) => splits.map((seconds) => formatDuration(seconds * 1000)) };
  }
  return { values: (_, splits) => splits.map((step) => (Number.isInteger(step) ? formatTick(step) : "")) };
}

function dots({ series, live }: PlotSetup): number[] {
  const { lonely, y } = series();
  const last = y.length - 1;
  return live() && y[last] != null && !lonely.includes(last) ? [...lonely, last] : lonely;
}

/** Marks values that are no finite numbers at the edge they left by: a cross for NaN, an arrow for infinities. */
function drawBroken(plot: uPlot, series: Series): void {
  const { ctx, bbox } = plot;
  const size = 3 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = token("--amber");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  let drawnTo = Number.NEGATIVE_INFINITY;
  series.y.forEach((y, i) => {
    if (y !== null) return;
    const value = series.values[i] ?? Number.NaN;
    const x = plot.valToPos(series.x[i] ?? 0, "x", true);
    // Marks that would lie on each other become one.
    if (x < bbox.left || x > bbox.left + bbox.width || x < drawnTo + 3 * size) return;
    drawnTo = x;
    const top = value === Number.POSITIVE_INFINITY;
    const at = top ? bbox.top + size * 2 : bbox.top + bbox.height - size * 2;
    ctx.beginPath();
    if (Number.isNaN(value)) {
      ctx.moveTo(x - size, at - size);
      ctx.lineTo(x + size, at + size);
      ctx.moveTo(x + size, at - size);
      ctx.lineTo(x - size, at + size);
    } else {
      const tip = top ? -size : size;
      ctx.moveTo(x - size, at - tip);
      ctx.lineTo(x, at + tip);
      ctx.lineTo(x + size, at - tip);
    }
    ctx.stroke();
  });
  ctx.restore();
}

/** A finger on the chart moves the cursor; the page still scrolls up and down under it. */
function readByTouch(plot: uPlot): void {
  const move = (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    const box = plot.over.getBoundingClientRect();
    plot.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  };
  plot.over.style.touchAction = "pan-y";
  plot.over.addEventListener("pointerdown", move);
  plot.over.addEventListener("pointermove", move);
}
