/** Draws thresholds and alerts on the canvas that uPlot has prepared, and lays links over the alerts. */
import type uPlot from "uplot";
import { token } from "../data/theme";
import { clustered, type Limit } from "./marks";

const BREACH = 0.07;
const LINE_WIDTH = 1.25;
/** Narrower charts have no room for words (CSS pixels). */
const LABEL_FROM = 420;
const TRIANGLE = 5;
/** The smallest size of what is pressed. */
const TARGET = 24;

/** An alert as it is marked. */
export interface AlertMark {
  x: number;
  isOpen: boolean;
  /** Where a press leads, and what it is in words. */
  href: string;
  text: string;
}

/** Behind the lines: the side where a breach lies, and its edge. */
export function paintLimits(plot: uPlot, limits: readonly Limit[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  ctx.strokeStyle = token("--red");
  ctx.fillStyle = ctx.strokeStyle;
  ctx.setLineDash([]);
  for (const { value, side } of limits) {
    const at = plot.valToPos(value, "y", true);
    if (!Number.isFinite(at)) continue;
    const edge = Math.min(Math.max(at, bbox.top), bottom);
    ctx.globalAlpha = BREACH;
    if (side === "above") ctx.fillRect(bbox.left, bbox.top, bbox.width, edge - bbox.top);
    else ctx.fillRect(bbox.left, edge, bbox.width, bottom - edge);
    ctx.globalAlpha = 1;
    if (edge !== at) continue;
    ctx.lineWidth = LINE_WIDTH * ratio;
    // Through the middle of pixels it is as sharp as they are.
    const middle = Math.round(at - 0.5) + 0.5;
    ctx.beginPath();
    ctx.moveTo(bbox.left, middle);
    ctx.lineTo(bbox.left + bbox.width, middle);
    ctx.stroke();
  }
  if (bbox.width / ratio < LABEL_FROM) return;
  ctx.font = `${11 * ratio}px "Inter Variable", system-ui, sans-serif`;
  for (const { value, side, label } of limits) {
    const at = plot.valToPos(value, "y", true);
    if (at < bbox.top || at > bottom) continue;
    // On the side of the breach, where a healthy line is not; inside where that leaves the chart.
    const isOver = side === "above" ? at - bbox.top > 16 * ratio : bottom - at < 16 * ratio;
    ctx.textBaseline = isOver ? "bottom" : "top";
    ctx.fillText(label, bbox.left + 4 * ratio, at + (isOver ? -3 : 3) * ratio);
  }
}

/** Over the lines: a dotted line where each alert was opened, and a triangle at its foot; red while it fires. */
export function paintAlerts(plot: uPlot, alerts: readonly AlertMark[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  const placed = alerts
    .map((alert) => ({ alert, left: plot.valToPos(alert.x, "x", true) }))
    .filter(({ left }) => left >= bbox.left - 1 && left <= bbox.left + bbox.width + 1);
  // What fires is drawn last, and so on top.
  for (const { alert, left } of placed.toSorted((a, b) => Number(a.alert.isOpen) - Number(b.alert.isOpen))) {
    ctx.strokeStyle = token(alert.isOpen ? "--red" : "--ink3");
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = ratio;
    ctx.globalAlpha = 0.7;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bottom - 2 * TRIANGLE * ratio);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(left - TRIANGLE * ratio, bottom);
    ctx.lineTo(left + TRIANGLE * ratio, bottom);
    ctx.lineTo(left, bottom - 1.7 * TRIANGLE * ratio);
    ctx.fill();
  }
  layLinks(
    plot,
    clustered(
      placed.map(({ alert, left }) => ({ alert, left: (left - bbox.left) / ratio })),
      TARGET,
    ),
  );
}

const links = new WeakMap<uPlot, { layer: HTMLElement; drawn: string }>();

/** Alerts too near to each other share a link, to the one that fires or else the newest. */
function layLinks(plot: uPlot, groups: readonly { alert: AlertMark; left: number }[][]): void {
  const known = links.get(plot);
  const drawn = groups.flatMap((group) => group.map(({ alert, left }) => `${alert.href} ${left.toFixed()}`)).join();
  if (known?.drawn === drawn || (!known && groups.length === 0)) return;
  const layer = known?.layer ?? plot.over.appendChild(document.createElement("div"));
  links.set(plot, { layer, drawn });
  const hadFocus = layer.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : undefined;
  layer.replaceChildren(
    ...groups.flatMap((group, i) => {
      const last = group[group.length - 1];
      const chosen = group.findLast(({ alert }) => alert.isOpen) ?? last;
      if (!group[0] || !last || !chosen) return [];
      // From the first to the last of them, as far as the next ones leave room.
      const from = group[0].left - TARGET / 2;
      const next = groups[i + 1]?.[0]?.left ?? Number.POSITIVE_INFINITY;
      const to = Math.min(last.left + TARGET / 2, next - TARGET / 2);
      return [linkTo(chosen.alert, { from, to }, group.length)];
    }),
  );
  if (hadFocus) layer.querySelector<HTMLElement>(`[href="${CSS.escape(hadFocus)}"]`)?.focus();
}

function linkTo({ href, text }: AlertMark, { from, to }: { from: number; to: number }, count: number): HTMLElement {
  const link = document.createElement("a");
  link.className = "alert-link";
  link.href = href;
  link.title = count > 1 ? `${text} (${count} alerts here)` : text;
  link.ariaLabel = link.title;
  Object.assign(link.style, { left: `${from}px`, width: `${to - from}px` });
  // A press on a link begins no zoom.
  for (const kind of ["mousedown", "dblclick"]) link.addEventListener(kind, (event) => event.stopPropagation());
  return link;
}
