import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../data/store";
import { theme } from "../data/theme";
import { inOwnFrame } from "./frames";
import { plotOptions } from "./plot";
import type { Series, XKind } from "./series";

interface Props {
  series: Series;
  xKind: XKind;
  sync: string;
  live: boolean;
  onCursor: (index: number | undefined) => void;
}

/** The canvas of one chart, as large as the box it is put in. New points keep the zoom. */
export function Chart({ series, xKind, sync, live, onCursor }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const newest = useRef({ series, live, onCursor });
  newest.current = { series, live, onCursor };
  const scheme = useStore(theme);

  // The colours of `scheme` are read from the style sheet
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const forget = inOwnFrame(() => {
      plot.current = new uPlot(
        plotOptions({
          width: element.clientWidth,
          height: element.clientHeight,
          xKind,
          sync,
          series: () => newest.current.series,
          live: () => newest.current.live,
          onCursor: (index) => newest.current.onCursor(index),
        }),
        dataOf(newest.current.series),
        element,
      );
    });
    const resize = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    resize.observe(element);
    return () => {
      forget();
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [xKind, sync, scheme]);

  useLayoutEffect(() => {
    return inOwnFrame(() => {
      const drawn = plot.current;
      if (!drawn) return;
      if (isZoomed(drawn)) {
        drawn.setData(dataOf(series), false);
        drawn.redraw();
      } else drawn.setData(dataOf(series));
    });
  }, [series]);

  return <div class="chart-canvas" ref={box} />;
}

function dataOf(series: Series): uPlot.AlignedData {
  return [series.x, series.y];
}

function isZoomed(plot: uPlot): boolean {
  const xs = plot.data[0];
  const { min, max } = plot.scales.x ?? {};
  const first = xs[0];
  const last = xs[xs.length - 1];
  if (min == null || max == null || first === undefined || last === undefined || first === last) return false;
  return min > first || max < last;
}
