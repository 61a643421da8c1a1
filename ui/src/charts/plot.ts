/** How a chart's axes look and how it answers the hand, as uPlot options. The lines are painted by paint.ts. */
import uPlot from "uplot";
import type { XKind } from "../api/tidemark";
import { token } from "../data/theme";
import { formatClock, formatDuration, formatTick } from "../lib/format";
import { paintScene, type Scene } from "./paint";
import { nearestRow } from "./track";

export interface PlotSetup {
  width: number;
  height: number;
  x: XKind;
  log: boolean;
  /** Charts with the same name share their cursor. */
  sync: string;
  /** Room for names at the lines' ends. */
  named: boolean;
  /** Read at each drawing. */
  scene: () => Scene;
  xRange: () => [number, number];
  yRange: () => [number, number];
  /**
   * The x under the cursor, undefined when it is away. `here`: it is on this very chart; `line` is then the one it touches, where
   * there are several.
   */
  onCursor: (x: number | undefined, here: boolean, line: string | undefined) => void;
  onZoomX: (range: [number, number] | undefined) => void;
  onZoomY: (range: [number, number] | undefined) => void;
}

const FONT = "11px 'Inter Variable', system-ui, sans-serif";
const NAMES_WIDTH = 128;

export function createPlot(setup: PlotSetup, element: HTMLElement): uPlot {
  return new uPlot(options(setup), [setup.xRange(), [null, null]], element);
}

function options(setup: PlotSetup): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => token("--ink3"),
    font: FONT,
    grid: { stroke: () => token("--line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, setup.named ? NAMES_WIDTH : 14, 0, 0],
    legend: { show: false },
    ms: 1,
    scales: {
      x: { time: setup.x === "time", range: () => setup.xRange() },
      y: { distr: setup.log ? 3 : 1, range: () => setup.yRange() },
    },
    axes: [
      { ...axis, ...xAxisValues(setup.x), grid: { show: false }, size: 24, gap: 4, space: 64 },
      {
        ...axis,
        ...yAxisValues(setup.log),
        grid: { ...axis.grid, ...(setup.log ? { filter: atDecades } : {}) },
        size: 48,
        gap: 6,
        space: 32,
      },
    ],
    // Lines have x of their own each, so they are no series of uPlot's.
    series: [{}, { show: true, paths: () => null, points: { show: false } }],
    cursor: {
      sync: { key: setup.sync, scales: ["x", null] },
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      bind: {
        mousedown: (plot, _target, handler) => (event) => {
          const drag = plot.cursor.drag;
          if (drag) Object.assign(drag, { x: !event.shiftKey, y: event.shiftKey });
          handler(event);
          return null;
        },
        dblclick: () => () => {
          setup.onZoomX(undefined);
          setup.onZoomY(undefined);
          return null;
        },
      },
    },
    hooks: {
      setSelect: [(plot) => zoom(plot, setup)],
      setCursor: [(plot) => tellCursor(plot, setup)],
      draw: [(plot) => paintScene(plot, setup.scene())],
      ready: [readByTouch],
    },
  };
}

function tellCursor(plot: uPlot, setup: PlotSetup): void {
  const { left = -1, event } = plot.cursor;
  const isAway = left < 0;
  const isHere = !isAway && event !== undefined && event !== null;
  const line = isHere ? lineUnder(plot, setup.scene()) : undefined;
  setup.onCursor(isAway ? undefined : plot.posToVal(left, "x"), isHere, line);
}

/** Pixels from a line at which the cursor touches it. */
const REACH = 16;

function lineUnder(plot: uPlot, { drawn }: Scene): string | undefined {
  const own = drawn.filter(({ line }) => !line.baseline);
  const { left = 0, top = 0 } = plot.cursor;
  const x = plot.posToVal(left, "x");
  let nearest: { id: string; distance: number } | undefined;
  for (const { line, y } of own.length > 1 ? own : []) {
    const row = nearestRow(line.track, x) ?? -1;
    const isBeside = Math.abs(plot.valToPos(line.track.x[row] ?? Number.NaN, "x") - left) <= REACH;
    const distance = Math.abs(plot.valToPos(y[row] ?? Number.NaN, "y") - top);
    if (isBeside && distance <= (nearest?.distance ?? REACH)) nearest = { id: line.id, distance };
  }
  return nearest?.id;
}

function zoom(plot: uPlot, setup: PlotSetup): void {
  const { left, top, width, height } = plot.select;
  const isY = plot.cursor.drag?.y === true;
  if (isY && height > 4) setup.onZoomY([plot.posToVal(top + height, "y"), plot.posToVal(top, "y")]);
  if (!isY && width > 4) setup.onZoomX([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

const SECOND = 1000;
/** Milliseconds between two ticks of a clock: uPlot would take 100 s. */
const CLOCK_STEPS = [
  0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
  432_000, 864_000, 2_592_000,
].map((seconds) => seconds * SECOND);

function xAxisValues(kind: XKind): Pick<uPlot.Axis, "values" | "incrs"> {
  if (kind === "time") return { values: (_, splits, _axis, _space, step) => splits.map((at) => formatClock(at, step)) };
  if (kind === "relative") return { incrs: CLOCK_STEPS, values: (_, splits) => splits.map((ms) => formatDuration(ms)) };
  return { values: (_, splits) => splits.map((step) => (Number.isInteger(step) ? formatTick(step) : "")) };
}

function yAxisValues(log: boolean): Pick<uPlot.Axis, "values" | "filter"> {
  const values = (_: uPlot, splits: number[]) => splits.map((value) => (value === null ? "" : formatTick(value)));
  // Lines at decades; where there are few of them uPlot's own choice of ticks stays.
  return log ? { values, filter: atDecades } : { values };
}

const atDecades = (_: uPlot, splits: number[]): (number | null)[] => decades(splits) ?? splits;

function decades(splits: number[]): (number | null)[] | undefined {
  const whole = splits.map((value) => (Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6) ? value : null));
  return whole.filter((value) => value !== null).length >= 2 ? whole : undefined;
}

/** A finger held on the chart moves the cursor; the page still scrolls up and down under it. */
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
