import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../data/store";
import { theme } from "../data/theme";
import type { ChartContext } from "./context";
import { createTurn } from "./frames";
import { type ChartLine, type Drawn, toDrawn, xExtent } from "./line";
import type { Marks } from "./mark-source";
import type { Scene } from "./paint";
import { createPlot } from "./plot";
import { yRange } from "./range";
import { firstNotBelow } from "./track";

interface Props {
  lines: readonly ChartLine[];
  context: ChartContext;
  log: boolean;
  /** Nothing is left out of the y axis. */
  whole: boolean;
  named: boolean;
  marks: Marks | undefined;
  onCursor: (x: number | undefined, here: boolean) => void;
  onClipped: (clipped: boolean) => void;
  /** Gets the canvas and a way to put the cursor on an x. */
  onReady?: (handle: CanvasHandle | undefined) => void;
}

export interface CanvasHandle {
  canvas: HTMLCanvasElement;
  point: (x: number) => void;
}

/** The canvas of one chart, as large as the box it is put in. */
export function ChartCanvas(props: Props) {
  const { lines, context, log, whole, named, marks } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [yZoom, setYZoom] = useState<[number, number] | undefined>(undefined);
  const scheme = useStore(theme);
  const lifted = useStore(context.lifted);
  const drawn = useMemo(() => lines.map((line) => toDrawn(line, context.smoothing)), [lines, context.smoothing]);
  const x = context.range ?? xExtent(lines) ?? [0, 1];
  const always = marks?.limits;
  const y = useMemo(() => yRange(inView(drawn, x), { log, whole, always }), [drawn, x[0], x[1], log, whole, always]);

  const newest = useRef({ props, drawn, x, y, yZoom, lifted });
  newest.current = { props, drawn, x, y, yZoom, lifted };

  // A plot is made for its scheme, kind of x and scale; everything else is read when it draws.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = createPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        x: context.x,
        log,
        sync: context.sync,
        named,
        scene: (): Scene => ({
          drawn: newest.current.drawn,
          log,
          lifted: newest.current.lifted,
          named: newest.current.props.named && newest.current.drawn.length <= 4,
          marks: newest.current.props.marks,
        }),
        xRange: () => widened(newest.current.x),
        yRange: () => newest.current.yZoom ?? rangeOf(newest.current.y, log),
        onCursor: (at, here, line) => {
          newest.current.props.onCursor(at, here);
          if (here) newest.current.props.context.lifted.set(line);
        },
        onZoomX: (range) => newest.current.props.context.onRange(range),
        onZoomY: setYZoom,
      },
      element,
    );
    plot.current = made;
    newest.current.props.onReady?.({
      canvas: made.ctx.canvas,
      point: (at) => made.setCursor({ left: made.valToPos(at, "x"), top: made.height / 3 }),
    });
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resize.observe(element);
    return () => {
      newest.current.props.onReady?.(undefined);
      resize.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [context.x, context.sync, scheme, log, named]);

  useLayoutEffect(() => {
    plot.current?.setData([widened(newest.current.x), [null, null]]);
  }, [drawn, x[0], x[1], y, yZoom]);

  useLayoutEffect(() => plot.current?.redraw(false), [marks]);
  // Every chart of the page draws a lifted line anew: in turn, so that the hand is not held up.
  const turn = useMemo(() => createTurn(() => plot.current?.redraw(false)), []);
  useLayoutEffect(() => turn.leave, [turn]);
  const shownLift = useRef(lifted);
  useLayoutEffect(() => {
    if (shownLift.current !== lifted) turn.now();
    shownLift.current = lifted;
  }, [turn, lifted]);
  const clipped = y?.clipped ?? false;
  useEffect(() => props.onClipped(clipped), [clipped]);
  return <div class="chart-canvas" ref={box} />;
}

/** Values between two x, of what is drawn and of what stays behind it. */
function inView(drawn: readonly Drawn[], [from, to]: readonly [number, number]): (readonly number[])[] {
  return drawn.flatMap(({ line, y, raw }) => {
    const first = firstNotBelow(line.track.x, from);
    let end = firstNotBelow(line.track.x, to);
    if (line.track.x[end] === to) end += 1;
    const cut = (values: readonly number[]) => values.slice(first, end);
    return raw ? [cut(y), cut(raw)] : [cut(y)];
  });
}

/** A single point still needs an axis. */
function widened([min, max]: readonly [number, number]): [number, number] {
  return min < max ? [min, max] : [min - 1, max + 1];
}

function rangeOf(y: { min: number; max: number } | undefined, log: boolean): [number, number] {
  if (y) return [y.min, y.max];
  return log ? [0.1, 10] : [0, 1];
}
