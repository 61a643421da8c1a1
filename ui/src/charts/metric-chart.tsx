import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Metric } from "../api/types";
import { formatCount, formatDuration, formatNumber, formatTime, plural } from "../lib/format";
import { toNumber } from "../lib/runs";
import { ErrorNote } from "../parts/states";
import { Chart } from "./chart";
import { describeBroken, type Series, toSeries, type XKind } from "./series";
import { useHistory } from "./use-history";

interface Props {
  run: string;
  /** The latest observation: its key names the chart, and a newer one loads the history again. */
  latest: Metric;
  xKind: XKind;
  /** UTC milliseconds. */
  start: number;
  live: boolean;
}

/** One metric of one run: its name, its latest value or the one under the cursor, and its line. */
export function MetricChart({ run, latest, xKind, start, live }: Props) {
  const figure = useRef<HTMLElement>(null);
  const near = useNear(figure);
  const version = `${latest.step} ${latest.timestamp} ${latest.value}`;
  const { history, error, retry } = useHistory(run, latest.key, version, near);
  const series = useMemo(() => history && toSeries(history.points, xKind, start), [history, xKind, start]);
  const [index, setIndex] = useState<number | undefined>(undefined);

  const value = toNumber(latest.value);
  const under = index === undefined ? undefined : series?.values[index];
  const notes = series ? chartNotes(series, history?.thinned ?? false) : [];
  return (
    <figure class="panel chart" ref={figure} aria-label={series && summary(latest, series)}>
      <figcaption class="chart-head">
        <span class="key" title={latest.key}>
          {latest.key}
        </span>
        {index !== undefined && series && <span class="chart-x num">{positionText(series.x[index] ?? 0, xKind)}</span>}
        <span class="chart-value num" title={String(under ?? value)}>
          {formatNumber(under ?? value)}
        </span>
      </figcaption>
      <div class="chart-body">
        {error && <ErrorNote stale={history !== undefined} what="The history" error={error} retry={retry} />}
        {near && series && !(error && series.x.length === 0) && (
          <Chart series={series} xKind={xKind} sync={`${run} ${xKind}`} live={live} onCursor={setIndex} />
        )}
        {!series && !error && <div class="pending chart-pending" />}
      </div>
      {notes.length > 0 && <p class="chart-note">{notes.join(" · ")}</p>}
    </figure>
  );
}

/** Whether the element is within one screen of what is visible. */
function useNear(element: { current: HTMLElement | null }): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const watch = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: "100% 0px",
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [element]);
  return near;
}

function positionText(x: number, kind: XKind): string {
  if (kind === "step") return `step ${formatCount(x)}`;
  return kind === "time" ? formatTime(x * 1000) : formatDuration(x * 1000);
}

function chartNotes(series: Series, thinned: boolean): string[] {
  const notes = [];
  if (thinned) notes.push(`${plural(series.x.length, "point")} of a longer history`);
  const broken = describeBroken(series);
  if (broken) notes.push(broken);
  return notes;
}

function summary(latest: Metric, series: Series): string {
  const numbers = series.y.filter((y) => y !== null);
  const parts = [latest.key, plural(series.x.length, "point")];
  parts.push(`latest ${formatNumber(toNumber(latest.value))} at step ${formatCount(latest.step)}`);
  if (numbers.length) {
    const least = numbers.reduce((a, b) => Math.min(a, b));
    const most = numbers.reduce((a, b) => Math.max(a, b));
    parts.push(`from ${formatNumber(least)} to ${formatNumber(most)}`);
  }
  return parts.join(", ");
}
