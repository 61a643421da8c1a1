/** A chart in words. */
import type { Direction } from "../lib/compare";
import { formatNumber, plural } from "../lib/format";
import type { ChartLine } from "./line";
import { countPoints, extremes } from "./track";

/** One sentence: "val/loss, 4 runs, best 0.1218 by kenji at 13,000". */
export function summarize(
  metric: string,
  lines: readonly ChartLine[],
  { direction, loaded, alerts = 0 }: { direction: Direction | undefined; loaded: boolean; alerts?: number },
): string {
  if (lines.length === 0) return loaded ? `${metric}, nothing drawn` : `${metric}, loading`;
  const own = lines.filter(({ baseline }) => !baseline);
  const parts = [metric];
  if (own.length === 1 && own[0]) {
    const { track } = own[0];
    parts.push(plural(countPoints(track).points, "point"));
    const last = track.last[track.last.length - 1];
    if (last !== undefined) parts.push(`latest ${formatNumber(last)}`);
  } else if (own.length > 1) parts.push(plural(own.length, "line"));
  const best = bestOf(own, direction ?? "min");
  if (best) parts.push(`${direction ? "best" : "least"} ${formatNumber(best.value)} by ${best.name}`);
  if (lines.some(({ baseline }) => baseline)) parts.push("with the baseline");
  if (alerts > 0) parts.push(plural(alerts, "alert"));
  return parts.join(", ");
}

function bestOf(lines: readonly ChartLine[], direction: Direction): { value: number; name: string } | undefined {
  let best: { value: number; name: string } | undefined;
  for (const { track, name } of lines) {
    const found = extremes(track);
    if (!found) continue;
    const value = direction === "max" ? found.max : found.min;
    if (!best || (direction === "max" ? value > best.value : value < best.value)) best = { value, name };
  }
  return best;
}

/** What of the data the picture does not show, or shows in another form. */
export function chartNotes(lines: readonly ChartLine[], { log }: { log: boolean }): string[] {
  const notes: string[] = [];
  let nans = 0;
  let infinite = 0;
  let hidden = 0;
  for (const { track } of lines) {
    const counted = countPoints(track);
    nans += counted.nans;
    infinite += counted.infinite;
    if (log) hidden += track.last.filter((value) => value <= 0).length;
  }
  if (nans) notes.push(`${plural(nans, "NaN", "NaN")}`);
  if (infinite) notes.push(`${plural(infinite, "Inf", "Inf")}`);
  if (hidden) notes.push(`${plural(hidden, "value")} not above 0`);
  const means = lines.filter(({ runs }) => runs !== undefined);
  if (means.length === 1 && means[0]) notes.push(`mean of ${plural(means[0].runs ?? 0, "run")}`);
  return notes;
}
