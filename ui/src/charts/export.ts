/** A chart as a picture that explains itself: its name, its lines' names, and where it came from. */
import { seriesColor, token } from "../data/theme";
import { download, fileName } from "../lib/csv";
import type { ChartLine } from "./line";
import { shortened } from "./shortened";

const PAD = 16;
const LINE = 18;
/** Pixels of a line's name in the legend. */
const ENTRY = 264;

export async function savePicture(
  chart: HTMLCanvasElement,
  metric: string,
  lines: readonly ChartLine[],
): Promise<void> {
  const picture = await drawPicture(chart, metric, lines);
  download(`${fileName(metric)}.png`, picture, "image/png");
}

async function drawPicture(chart: HTMLCanvasElement, metric: string, lines: readonly ChartLine[]): Promise<Blob> {
  const ratio = devicePixelRatio;
  const width = chart.width / ratio + 2 * PAD;
  const perRow = Math.max(1, Math.floor((width - 2 * PAD) / ENTRY));
  const rows = Math.ceil(lines.length / perRow);
  const height = chart.height / ratio + 3 * PAD + LINE * (rows + 2);
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser gives no canvas to draw on.");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = token("--surface");
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = "top";
  ctx.fillStyle = token("--ink");
  ctx.font = "600 15px 'Inter Variable', system-ui, sans-serif";
  ctx.fillText(metric, PAD, PAD);
  ctx.drawImage(chart, PAD, PAD + LINE + 8, chart.width / ratio, chart.height / ratio);
  ctx.font = "12px 'Inter Variable', system-ui, sans-serif";
  const top = PAD + LINE + 16 + chart.height / ratio;
  lines.forEach((line, i) => {
    const left = PAD + (i % perRow) * ENTRY;
    const y = top + Math.floor(i / perRow) * LINE;
    ctx.strokeStyle = line.baseline ? token("--ink") : seriesColor(line.color);
    ctx.lineWidth = 3;
    ctx.setLineDash(line.baseline ? [5, 3] : []);
    ctx.beginPath();
    ctx.moveTo(left, y + 7);
    ctx.lineTo(left + 14, y + 7);
    ctx.stroke();
    ctx.fillStyle = token("--ink");
    ctx.fillText(shortened(ctx, line.baseline ? `${line.name} (baseline)` : line.name, ENTRY - 26), left + 20, y);
  });
  ctx.fillStyle = token("--ink3");
  ctx.fillText(shortened(ctx, location.href, width - 2 * PAD), PAD, height - PAD - 8);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be made."))), "image/png");
  });
}
