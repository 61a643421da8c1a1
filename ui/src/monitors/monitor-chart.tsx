import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type ChartLine, toDrawn, xExtent } from "../charts/line";
import { createPlot } from "../charts/plot";
import { yRange } from "../charts/range";
import { Tooltip } from "../charts/tooltip";
import { countPoints, firstNotBelow } from "../charts/track";
import { useStore } from "../data/store";
import { theme } from "../data/theme";

/** Where the axes of a chart lie, in pixels of its box, and what they span. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  x: readonly [number, number];
  y: readonly [number, number];
}

interface Props {
  /** By time. */
  lines: readonly ChartLine[];
  /** Values that must be in view: limits and levels. */
  always: readonly number[];
  /** Times that must be in view. */
  times?: readonly number[];
  /** The axes stay as they are: a hand is on the line. */
  frozen?: boolean;
  label: string;
  /** Drawn over the lines, placed by the frame. */
  children: (frame: Frame) => ComponentChildren;
}

/** A metric by time with room for limits and alerts over it; a drag across zooms, a double click shows all. */
export function MonitorChart({ lines, always, times = [], frozen = false, label, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [frame, setFrame] = useState<Frame | undefined>(undefined);
  const [zoom, setZoom] = useState<readonly [number, number] | undefined>(undefined);
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const scheme = useStore(theme);
  const sync = useId();
  const drawn = useMemo(() => lines.map((line) => toDrawn(line, 0)), [lines]);
  const x = zoom ?? spanOf(lines, times);
  const computed = useMemo(() => rangeIn(lines, x, always), [lines, x[0], x[1], always.join()]);
  const kept = useRef(computed);
  if (!frozen) kept.current = computed;
  const y = kept.current;

  const newest = useRef({ drawn, x, y });
  newest.current = { drawn, x, y };

  // The axes' sizes are known once they are drawn; what lies over the chart follows them.
  const measure = () => {
    const now = plot.current && frameOf(plot.current, newest.current);
    if (now) setFrame((before) => (JSON.stringify(before) === JSON.stringify(now) ? before : now));
  };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = createPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        x: "time",
        log: false,
        sync,
        named: false,
        scene: () => {
          measure();
          return { drawn: newest.current.drawn, log: false, lifted: undefined, named: false };
        },
        xRange: () => [newest.current.x[0], newest.current.x[1]],
        yRange: () => [newest.current.y[0], newest.current.y[1]],
        onCursor: (at, here) => setCursor(here ? at : undefined),
        onZoomX: setZoom,
        onZoomY: () => undefined,
      },
      element,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [scheme]);

  useLayoutEffect(() => {
    plot.current?.setData([
      [x[0], x[1]],
      [null, null],
    ]);
  }, [drawn, x[0], x[1], y]);

  return (
    <figure class="monitor-chart" aria-label={label} data-points={pointsOf(lines)}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only puts the tooltip away */}
      <div class="monitor-plot" onMouseLeave={() => setCursor(undefined)}>
        <div class="chart-canvas" ref={box} />
        {frame && frame.width > 0 && children(frame)}
        {cursor !== undefined && lines.length > 0 && (
          <Tooltip
            lines={lines}
            x={cursor}
            kind="time"
            focus={undefined}
            baseline={undefined}
            direction={undefined}
            toRight={cursor < (x[0] + x[1]) / 2}
          />
        )}
      </div>
    </figure>
  );
}

/** Places within a frame: pixels from the chart's left and top. */
export const leftOf = (frame: Frame, at: number): number =>
  frame.left + ((at - frame.x[0]) / (frame.x[1] - frame.x[0])) * frame.width;
export const topOf = (frame: Frame, value: number): number =>
  frame.top + ((frame.y[1] - value) / (frame.y[1] - frame.y[0])) * frame.height;
/** The value at so many pixels from the top, within the axis. */
export function valueAt(frame: Frame, top: number): number {
  const share = Math.min(1, Math.max(0, (top - frame.top) / frame.height));
  return frame.y[1] - share * (frame.y[1] - frame.y[0]);
}

function frameOf({ bbox }: uPlot, { x, y }: Pick<Frame, "x" | "y">): Frame {
  const ratio = devicePixelRatio;
  return {
    left: bbox.left / ratio,
    top: bbox.top / ratio,
    width: bbox.width / ratio,
    height: bbox.height / ratio,
    x,
    y,
  };
}

/** What the lines cover, and the times beside them; some hour where there is nothing. */
function spanOf(lines: readonly ChartLine[], times: readonly number[]): [number, number] {
  const extent = xExtent(lines);
  const known = [...(extent ?? []), ...times];
  if (known.length === 0) return [Date.now() - 3_600_000, Date.now()];
  const [min, max] = [Math.min(...known), Math.max(...known)];
  return min < max ? [min, max] : [min - 60_000, max + 60_000];
}

function rangeIn(
  lines: readonly ChartLine[],
  [from, to]: readonly [number, number],
  always: readonly number[],
): readonly [number, number] {
  const values = lines.map(({ track }) => {
    const [first, end] = [firstNotBelow(track.x, from), firstNotBelow(track.x, to + 1)];
    return [...track.min.slice(first, end), ...track.max.slice(first, end)];
  });
  const found = yRange(values, { log: false, whole: true, always });
  return found ? [found.min, found.max] : [0, 1];
}

function pointsOf(lines: readonly ChartLine[]): number {
  return lines.reduce((sum, { track }) => sum + countPoints(track).points, 0);
}
