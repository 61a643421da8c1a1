/** What is waited for in either page, and where. Tests are bodies of functions that run in the page. */
import { KEYS } from "../lib/bodies.mjs";
import { SIZES } from "./seed.mjs";

/** The name of the newest run that `search/seed.mjs` writes, which stands in the first row of both tables. */
const newest = (count) => `run-${String(count - 1).padStart(6, "0")}`;

/** All columns are filled and the answer has come whole: more than is asked of the other page. */
const OUR_TABLE = `
  const row = document.querySelector(".grid .grid-body .grid-row");
  if (!row?.textContent.includes("${newest(SIZES.runs)}")) return false;
  if ([...row.querySelectorAll(".cell-metric")].filter((cell) => cell.textContent).length < ${KEYS.length}) return false;
  return document.querySelector(".grid-foot")?.textContent.startsWith("1,000 runs");`;

/** The newest run's name is in view: neither its metrics nor the other 900 runs, which it loads by hundreds, need be. */
const MLFLOW_TABLE = `
  return [...document.querySelectorAll(".ag-row, [role=row]")].some((row) => row.textContent.includes("${newest(SIZES.runs)}"));`;

/** All charts in view, so many at least, have lines: pixels that are not grey. */
const ourCharts = (count) => `
  const charts = [...document.querySelectorAll(".chart-body")].filter((chart) => {
    const { top, bottom } = chart.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  });
  if (charts.length < ${count}) return false;
  return charts.every((chart) => {
    const canvas = chart.querySelector("canvas");
    if (!canvas) return false;
    const { data } = canvas.getContext("2d").getImageData(Math.floor(canvas.width * 0.4), 0, 8, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      const [least, most] = [Math.min(data[i], data[i + 1], data[i + 2]), Math.max(data[i], data[i + 1], data[i + 2])];
      if (data[i + 3] > 200 && most - least > 60) return true;
    }
    return false;
  });`;

const MLFLOW_CHARTS = `
  const lines = [...document.querySelectorAll(".js-plotly-plot .scatterlayer .trace path.js-line")];
  return lines.filter((line) => line.getAttribute("d")?.length > 100).length >= ${SIZES.charts};`;

const columns = KEYS.map((key) => `m:${key}`).join(",");

/** A first visit to a table of runs, by server: { url(peer), test }. */
export const TABLE = {
  tidemark: { path: (peer) => `#/e/${peer.table}?view=table&cols=${columns}`, test: OUR_TABLE },
  mlflow: { path: (peer) => `#/experiments/${peer.table}/runs`, test: MLFLOW_TABLE },
};

/** A first visit to a run's charts. */
export const CHARTS = {
  tidemark: { path: (peer) => `#/r/${peer.charts.run}`, test: ourCharts(SIZES.charts) },
  mlflow: {
    path: (peer) => `#/experiments/${peer.charts.experiment}/runs/${peer.charts.run}/model-metrics`,
    test: MLFLOW_CHARTS,
  },
};

/** The page of the most points: whatever charts are in view. */
export const MANY = {
  path: (peer) => `#/e/${peer.most.experiment}?view=charts&on=${peer.most.runs.join(",")}`,
  test: ourCharts(6),
  viewport: { width: 1440, height: 900 },
};

/** The table of the most runs. */
export const LARGE = {
  path: (peer) => `#/e/${peer.table}?view=table&cols=${columns}`,
  test: `return /^100,000 runs|^10,000 runs/.test(document.querySelector(".grid-foot")?.textContent ?? "")`,
};

export const LIVE = {
  path: (peer) => `#/r/${peer.live.run}`,
  test: `return document.querySelector("main h1") !== null`,
};

/** The bars: times as fast as MLflow's page, bytes, frames a second, growth of the heap, milliseconds. */
export const BARS = { times: 5, scriptBytes: 90_000, fps: 50, heapGrowth: 1.1, firstPaintMs: 1000, shownMs: 300 };
