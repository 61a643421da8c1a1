import { summary } from "../lib/stats.mjs";
import { markdown, short, spread } from "../lib/table.mjs";
import { BARS } from "./cases.mjs";

const verdict = (isMet) => (isMet ? "ok" : "MISSED");
const of = (results, field) => summary(results.map((result) => result[field]));
const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString("en-US")} KB`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function besideRows(label, { tidemark, mlflow }) {
  const times = of(mlflow, "ms").median / of(tidemark, "ms").median;
  return [
    [
      `${label}, ms`,
      spread(of(tidemark, "ms")),
      spread(of(mlflow, "ms")),
      `${short(times)}x of ${BARS.times}x ${verdict(times >= BARS.times)}`,
    ],
    [
      `  over the wire (requests)`,
      ...[tidemark, mlflow].map((side) => `${kilobytes(of(side, "bytes").median)} (${of(side, "requests").median})`),
      "",
    ],
  ];
}

function scriptRow({ tidemark, mlflow }) {
  const [ours, theirs] = [tidemark, mlflow].map((side) => of(side, "scriptBytes").median);
  const bar = `under ${kilobytes(BARS.scriptBytes)} ${verdict(ours < BARS.scriptBytes)}`;
  return ["script on that first visit, gzipped", kilobytes(ours), kilobytes(theirs), bar];
}

const ROWS = {
  table: (found) => [...besideRows("first visit to a table of 1,000 runs × 10 metrics", found), scriptRow(found)],
  charts: (found) => besideRows("first visit to a run of 5 charts × 10,000 steps", found),
  most(found) {
    const { median } = of(found, "ms");
    return [
      [
        "first visit to the charts of 10 runs × 20 metrics × 100,000 points, ms",
        spread(of(found, "ms")),
        "–",
        `within ${BARS.firstPaintMs.toLocaleString("en-US")} ${verdict(median <= BARS.firstPaintMs)}`,
      ],
    ];
  },
  scroll(found) {
    const { median } = of(found, "fps");
    return [
      [
        "scrolling 100,000 runs, frames a second",
        `${spread(of(found, "fps"))}, ${Math.max(...found.map(({ rows }) => rows))} row elements`,
        "–",
        `at least ${BARS.fps} ${verdict(median >= BARS.fps)}`,
      ],
    ];
  },
  shown(waits) {
    const most = Math.max(...waits);
    return [
      [
        `from a point's acknowledgement to the screen, ms, the slowest of ${waits.length}`,
        `${most} (median ${summary(waits).median})`,
        "–",
        `at most ${BARS.shownMs} ${verdict(most <= BARS.shownMs)}`,
      ],
    ];
  },
  heap({ samples, points }) {
    const first = samples[1].bytes;
    const last = samples.at(-1).bytes;
    return [
      [
        `heap of a live run's page over ${points.toLocaleString("en-US")} points`,
        samples.map(({ bytes }) => megabytes(bytes)).join(" "),
        "–",
        `${short(last / first)}x, at most ${BARS.heapGrowth}x ${verdict(last / first <= BARS.heapGrowth)}`,
      ],
    ];
  },
};

/** The parts that were measured, as a Markdown table. */
export function table(parts) {
  const rows = Object.entries(ROWS).flatMap(([name, rowsOf]) => (parts[name] ? rowsOf(parts[name]) : []));
  return markdown(["", "Tidemark", "MLflow 3.17.2's page on its own server", "bar"], rows);
}
