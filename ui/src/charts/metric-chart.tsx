import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../data/store";
import { formatNumber } from "../lib/format";
import { useKeys } from "../lib/keys";
import { Icon } from "../parts/icon";
import { Menu, MenuItem } from "../parts/menu";
import { ErrorNote } from "../parts/states";
import { type CanvasHandle, ChartCanvas } from "./chart-canvas";
import type { ChartContext } from "./context";
import { chartNotes, summarize } from "./describe";
import { readingsAt, Tooltip } from "./tooltip";
import { useLines } from "./use-lines";

interface Props {
  metric: string;
  context: ChartContext;
  /** The latest value, beside the name, where the page is one run's. */
  value?: number | undefined;
  /** Takes the room it is given, with names at the lines' ends, and is asked to be nothing else. */
  large?: boolean;
  /** As wide as the page's charts together. */
  wide?: boolean;
  onReady?: (handle: CanvasHandle | undefined) => void;
}

/** One metric: its name, its lines, and what they say under the cursor. */
export function MetricChart({ metric, context, value, large = false, wide = false, onReady }: Props) {
  const figure = useRef<HTMLElement>(null);
  const near = useNear(figure, large);
  const { lines, loaded, error } = useLines(context, metric, near);
  const [cursor, setCursor] = useState<{ x: number; here: boolean } | undefined>(undefined);
  const [whole, setWhole] = useState(false);
  const [clipped, setClipped] = useState(false);
  const log = context.isLog(metric);
  const source = useStore(context.marks);
  const marks = source?.of(metric);
  const onCursor = useCallback(
    (x: number | undefined, here: boolean) => setCursor(x === undefined ? undefined : { x, here }),
    [],
  );
  const leave = () => {
    setCursor(undefined);
    context.lifted.set(undefined);
  };
  const isUnderHand = () => figure.current?.matches(":hover, :focus-within") ?? false;
  useKeys(
    large
      ? {}
      : {
          l: () => isUnderHand() && context.toggleLog(metric),
          f: () => isUnderHand() && context.onEnlarge(metric),
        },
  );

  const under = cursor && context.focus ? valueUnder(lines, context.focus, cursor.x) : undefined;
  const shown = under ?? value;
  const notes = chartNotes(lines, { log });
  const direction = context.direction(metric);
  const extent = figure.current?.getBoundingClientRect().width ?? 0;
  return (
    <figure
      class={
        large
          ? "chart chart-large"
          : `panel chart${wide ? " chart-wide" : ""}${marks?.firing ? ` chart-firing-${marks.firing}` : ""}`
      }
      ref={figure}
      aria-label={summarize(metric, lines, { direction, loaded, alerts: marks?.alerts })}
      data-metric={large ? undefined : metric}
      data-points={pointsOf(lines)}
    >
      {!large && (
        <figcaption class="chart-head">
          <span class="key" title={metric}>
            {metric}
          </span>
          {log && <span class="quiet small">log</span>}
          {marks?.head}
          <span class="push" />
          {shown !== undefined && (
            <span class="chart-value num" title={String(shown)}>
              {formatNumber(shown)}
            </span>
          )}
          <button
            type="button"
            class="icon-button chart-open"
            aria-label={`Enlarge ${metric}`}
            onClick={() => context.onEnlarge(metric)}
          >
            <Icon name="expand" />
          </button>
          {source && (
            <Menu label={`More about ${metric}`} icon="more">
              {(close) => (
                <>
                  <MenuItem onClick={() => source.newMonitor(metric)}>New monitor</MenuItem>
                  {marks?.firing && (
                    <MenuItem
                      onClick={() => {
                        source.acknowledge(metric);
                        close();
                      }}
                    >
                      Acknowledge
                    </MenuItem>
                  )}
                </>
              )}
            </Menu>
          )}
        </figcaption>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only puts the tooltip and the lifted line away */}
      <div class="chart-body" onMouseLeave={leave}>
        {error && (
          <ErrorNote stale={lines.length > 0} what="The series" error={error} retry={() => context.store.retry()} />
        )}
        {near && lines.length > 0 && (
          <ChartCanvas
            lines={lines}
            context={context}
            log={log}
            whole={whole}
            named={(large || wide) && extent > 640}
            marks={marks}
            onCursor={onCursor}
            onClipped={setClipped}
            onReady={onReady}
          />
        )}
        {lines.length === 0 && !loaded && !error && <div class="pending chart-pending" />}
        {lines.length === 0 && loaded && !error && <p class="chart-none quiet">No drawn run has it.</p>}
        {cursor?.here && (
          <Tooltip
            lines={lines}
            x={cursor.x}
            kind={context.x}
            focus={context.focus}
            baseline={context.baseline}
            direction={direction}
            toRight={isLeftHalf(lines, context.range, cursor.x)}
          />
        )}
      </div>
      {(notes.length > 0 || clipped || whole) && (
        <p class="chart-note">
          {notes.join(" · ")}
          {(clipped || whole) && (
            <button type="button" class="link-button" onClick={() => setWhole(!whole)}>
              {whole ? "clip outliers" : "clipped, show all"}
            </button>
          )}
        </p>
      )}
    </figure>
  );
}

function pointsOf(lines: Parameters<typeof readingsAt>[0]): number {
  let points = 0;
  for (const { track, baseline } of lines) if (!baseline) for (const count of track.count) points += count;
  return points;
}

function valueUnder(lines: Parameters<typeof readingsAt>[0], focus: string, x: number): number | undefined {
  return readingsAt(lines, x).find(({ line }) => line.id === focus)?.value;
}

function isLeftHalf(
  lines: Parameters<typeof readingsAt>[0],
  range: readonly [number, number] | undefined,
  x: number,
): boolean {
  const ends = range ?? [
    Math.min(...lines.map(({ track }) => track.x[0] ?? 0)),
    Math.max(...lines.map(({ track }) => track.x[track.x.length - 1] ?? 0)),
  ];
  return x < (ends[0] + ends[1]) / 2;
}

/** Made one screen before it comes into view, taken apart two screens after. */
function useNear(element: { current: HTMLElement | null }, always: boolean): boolean {
  const [near, setNear] = useState(always);
  useLayoutEffect(() => {
    if (!element.current || always) return;
    const { top, bottom } = element.current.getBoundingClientRect();
    // An observer tells a frame later. What is folded is measured as if it were not.
    const isOpen = element.current.checkVisibility();
    if (isOpen && top < 2 * innerHeight && bottom > -innerHeight) setNear(true);
    const make = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && setNear(true), {
      rootMargin: "100% 0px",
    });
    const drop = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting || setNear(false), {
      rootMargin: "200% 0px",
    });
    make.observe(element.current);
    drop.observe(element.current);
    return () => {
      make.disconnect();
      drop.disconnect();
    };
  }, [element, always]);
  return near;
}
