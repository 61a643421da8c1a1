/** Draws a chart's lines on the canvas that uPlot has prepared. */
import type uPlot from "uplot";
import { seriesColor, seriesDash, token } from "../data/theme";
import { type Drawn, lonelyRows, spread } from "./line";
import type { Marks } from "./mark-source";
import { shortened } from "./shortened";
import { firstNotBelow } from "./track";

export interface Scene {
  drawn: readonly Drawn[];
  log: boolean;
  /** The line under the reader's hand; the others step back. */
  lifted: string | undefined;
  /** Names stand at the ends of the lines. */
  named: boolean;
  marks?: Marks | undefined;
}

const FAINT = 0.25;
const BAND = 0.14;
const RAW = 0.2;

export function paintScene(plot: uPlot, scene: Scene): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineJoin = "round";
  ctx.textAlign = "left";
  scene.marks?.below(plot);
  const ordered = [...scene.drawn].sort((a, b) => rank(a, scene) - rank(b, scene));
  for (const one of ordered) paintBand(plot, scene, one);
  for (const one of ordered) paintLine(plot, scene, one);
  ctx.restore();
  ctx.save();
  // Axes leave their own behind.
  ctx.textAlign = "left";
  for (const one of ordered) {
    paintBroken(plot, one);
    paintEnd(plot, scene, one);
  }
  if (scene.named) paintNames(plot, scene);
  scene.marks?.above(plot);
  ctx.restore();
}

/** The baseline on top of all, the lifted line right below. */
function rank({ line }: Drawn, { lifted }: Scene): number {
  if (line.baseline) return 2;
  return line.id === lifted ? 1 : 0;
}

function colorOf({ line }: Drawn): string {
  return line.baseline ? token("--ink") : seriesColor(line.color);
}

function strength({ line }: Drawn, { lifted }: Scene): number {
  return lifted === undefined || lifted === line.id || line.baseline ? 1 : FAINT;
}

/** The rows in view, and one more on each side, so that lines run off the edge. */
function visibleRows(plot: uPlot, x: readonly number[]): [number, number] {
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  return [Math.max(0, firstNotBelow(x, min ?? 0) - 1), Math.min(x.length, firstNotBelow(x, max ?? 0) + 2)];
}

function drawable(value: number | undefined, log: boolean): value is number {
  return value !== undefined && Number.isFinite(value) && (!log || value > 0);
}

function paintBand(plot: uPlot, scene: Scene, one: Drawn): void {
  const { track, baseline, runs } = one.line;
  // Behind a smoothed line the raw one says how far values spread.
  if (track.exact || (baseline && runs === undefined)) return;
  const { ctx } = plot;
  const [from, to] = visibleRows(plot, track.x);
  ctx.fillStyle = colorOf(one);
  ctx.globalAlpha = BAND * strength(one, scene);
  let lower: [number, number][] = [];
  ctx.beginPath();
  const close = () => {
    for (const [x, y] of lower.reverse()) ctx.lineTo(x, y);
    lower = [];
  };
  for (let i = from; i < to; i++) {
    const high = track.max[i];
    const low = track.min[i];
    if (!drawable(high, scene.log) || !drawable(low, scene.log)) {
      close();
      continue;
    }
    const x = plot.valToPos(track.x[i] ?? 0, "x", true);
    const top = plot.valToPos(high, "y", true);
    if (lower.length) ctx.lineTo(x, top);
    else ctx.moveTo(x, top);
    lower.push([x, plot.valToPos(low, "y", true)]);
  }
  close();
  ctx.fill();
  ctx.globalAlpha = 1;
}

function paintLine(plot: uPlot, scene: Scene, one: Drawn): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const dash = one.line.baseline ? [5, 4] : seriesDash(one.line.color);
  ctx.strokeStyle = colorOf(one);
  if (one.raw && !one.line.baseline) {
    ctx.globalAlpha = RAW * strength(one, scene);
    ctx.lineWidth = ratio;
    ctx.setLineDash([]);
    strokeRows(plot, scene, one.line.track.x, one.raw);
  }
  ctx.globalAlpha = strength(one, scene);
  ctx.lineWidth = (one.line.id === scene.lifted ? 2 : 1.5) * ratio;
  ctx.setLineDash((dash ?? []).map((length) => length * ratio));
  strokeRows(plot, scene, one.line.track.x, one.y);
  ctx.setLineDash([]);
  ctx.fillStyle = ctx.strokeStyle;
  for (const row of lonelyRows(one.y)) dot(plot, one.line.track.x[row] ?? 0, one.y[row] ?? 0, 2.5, scene.log);
  ctx.globalAlpha = 1;
}

function strokeRows(plot: uPlot, scene: Scene, xs: readonly number[], ys: readonly number[]): void {
  const { ctx } = plot;
  const [from, to] = visibleRows(plot, xs);
  let down = false;
  ctx.beginPath();
  for (let i = from; i < to; i++) {
    const value = ys[i];
    if (!drawable(value, scene.log)) {
      down = false;
      continue;
    }
    const x = plot.valToPos(xs[i] ?? 0, "x", true);
    const y = plot.valToPos(value, "y", true);
    if (down) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    down = true;
  }
  ctx.stroke();
}

function dot(plot: uPlot, x: number, y: number, radius: number, log: boolean): void {
  if (!drawable(y, log)) return;
  const { ctx, bbox } = plot;
  const left = plot.valToPos(x, "x", true);
  const top = plot.valToPos(y, "y", true);
  const isInside = left >= bbox.left - 1 && left <= bbox.left + bbox.width + 1;
  if (!isInside || top < bbox.top - 1 || top > bbox.top + bbox.height + 1) return;
  ctx.beginPath();
  ctx.arc(left, top, radius * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fill();
}

/** Where a line ends: a dot with a ring while more comes, a small one on the baseline. */
function paintEnd(plot: uPlot, scene: Scene, one: Drawn): void {
  const { track, live, baseline } = one.line;
  const row = one.y.findLastIndex((value) => drawable(value, scene.log));
  const x = track.x[row];
  const y = one.y[row];
  if (x === undefined || y === undefined) return;
  const { ctx } = plot;
  ctx.fillStyle = colorOf(one);
  if (live) {
    ctx.globalAlpha = 0.25 * strength(one, scene);
    dot(plot, x, y, 6, scene.log);
    ctx.globalAlpha = strength(one, scene);
  }
  if (live || baseline) dot(plot, x, y, live ? 3.5 : 3, scene.log);
  ctx.globalAlpha = 1;
}

/** Names where lines end, below each other where these are close. */
function paintNames(plot: uPlot, { drawn, log }: Scene): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  const ends = drawn.flatMap((one) => {
    const row = one.y.findLastIndex((value) => drawable(value, log));
    if (row < 0) return [];
    const left = plot.valToPos(one.line.track.x[row] ?? 0, "x", true);
    const top = plot.valToPos(one.y[row] ?? 0, "y", true);
    const text = one.line.baseline ? "baseline" : one.line.name;
    return left > right + 1
      ? []
      : [{ one, left, text, top: Math.min(Math.max(top, bbox.top), bbox.top + bbox.height) }];
  });
  ctx.font = `${11 * devicePixelRatio}px "Inter Variable", system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const tops = spread(
    ends.map(({ top }) => top),
    13 * devicePixelRatio,
    bbox.top + bbox.height,
  );
  for (const [i, { one, left, text }] of ends.entries()) {
    const from = left + 8 * devicePixelRatio;
    ctx.fillStyle = colorOf(one);
    ctx.fillText(shortened(ctx, text, ctx.canvas.width - from - 4 * devicePixelRatio), from, tops[i] ?? 0);
  }
}

/** Marks values that are no finite numbers at the edge they left by: a cross for NaN, an arrow for infinities. */
function paintBroken(plot: uPlot, { line }: Drawn): void {
  const { ctx, bbox } = plot;
  const { track } = line;
  const size = 3 * devicePixelRatio;
  ctx.strokeStyle = token("--amber");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  let drawnTo = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < track.x.length; i++) {
    const value = track.last[i] ?? Number.NaN;
    const isNaNRow = (track.nans[i] ?? 0) > 0;
    if (!isNaNRow && Number.isFinite(value)) continue;
    const x = plot.valToPos(track.x[i] ?? 0, "x", true);
    // Marks that would lie on each other become one.
    if (x < bbox.left || x > bbox.left + bbox.width || x < drawnTo + 3 * size) continue;
    drawnTo = x;
    const isTop = !isNaNRow && value === Number.POSITIVE_INFINITY;
    const at = isTop ? bbox.top + size * 2 : bbox.top + bbox.height - size * 2;
    ctx.beginPath();
    if (isNaNRow) {
      ctx.moveTo(x - size, at - size);
      ctx.lineTo(x + size, at + size);
      ctx.moveTo(x + size, at - size);
      ctx.lineTo(x - size, at + size);
    } else {
      const tip = isTop ? -size : size;
      ctx.moveTo(x - size, at - tip);
      ctx.lineTo(x, at + tip);
      ctx.lineTo(x + size, at - tip);
    }
    ctx.stroke();
  }
}
