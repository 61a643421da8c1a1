/**
 * What Tidemark costs on the platform, measured: replays workloads against the real Worker with bindings that count.
 * Run: npm run bench:cost [-- --only training-100,sweep] [--out FILE]. See README.md beside this file.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdown } from "../lib/table.mjs";
import { updateDocument } from "./document.mjs";
import { PRICES, priced, sum, usage } from "./pricing.mjs";
import { bundle, list, replay } from "./replay.mjs";

/** Dollars a million metrics may cost at most. */
const BARS = {
  "training-1": 1.6,
  "training-100": 0.05,
  "training-1000": 0.03,
  "training-1-fast": 1.6,
  "training-100-fast": 0.05,
  "training-1000-fast": 0.03,
};
/** A watched run may write this many times the rows of an unwatched one. */
const WATCHED_ROWS = 1.05;

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));

const { values } = parseArgs({ options: { only: { type: "string" }, out: { type: "string" } } });
const out = values.out ?? `${RESULTS}${values.only ? "partial" : "cost"}.json`;

const contents = await bundle();
const wanted = values.only?.split(",");
const workloads = (await list(contents)).filter(({ id }) => !wanted || wanted.includes(id));

const results = {};
for (const { id, title, full } of workloads) {
  const started = performance.now();
  const { metrics, seconds, sizeBefore, counts, cpuMs } = await replay(contents, id);
  const perMillion = Object.fromEntries(
    Object.entries(usage(counts, cpuMs)).map(([name, n]) => [name, (n / metrics) * 1e6]),
  );
  const dollars = priced(perMillion);
  results[id] = {
    title,
    full,
    metrics,
    simulatedSeconds: seconds,
    perMillion,
    dollars,
    total: sum(dollars),
    bar: BARS[id],
    bytesPerMetric: (counts.d1Bytes - sizeBefore) / metrics,
    counts,
  };
  print(results[id], (performance.now() - started) / 1000);
}
summary();
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ prices: PRICES.asOf, results }, null, 2)}\n`);
console.log(`\nWritten to ${out}`);
if (!values.only) updateDocument(results);

function print({ title, full, metrics, simulatedSeconds, perMillion, dollars, total, counts }, took) {
  console.log(`\n### ${title}\n${full}`);
  console.log(
    `${metrics.toLocaleString("en-US")} metrics in ${Math.round(simulatedSeconds).toLocaleString("en-US")} simulated s (${took.toFixed(1)} s)\n`,
  );
  const rows = Object.entries(PRICES.meters).map(([name, meter]) => [
    meter.title,
    count(perMillion[name]),
    money(dollars[name]),
  ]);
  rows.push(["**all**", "", money(total)]);
  console.log(markdown(["", "a million metrics", "dollars"], rows));
  console.log(
    `\nRows written a million metrics: in D1 ${shares(counts.d1RowsWritten, metrics)}; in objects ${shares(counts.objectRowsWritten, metrics)}`,
  );
  console.log(`Object calls a million metrics: ${shares(counts.objectCalls, metrics)}`);
  if (counts.objectMessages > 0) {
    console.log(`Messages from viewers a million metrics: ${count((counts.objectMessages / metrics) * 1e6)}`);
  }
}

function shares(record, metrics) {
  const sorted = Object.entries(record).sort(([, a], [, b]) => b - a);
  return sorted.map(([name, n]) => `${name} ${count((n / metrics) * 1e6)}`).join(", ") || "none";
}

function summary() {
  console.log("\n### Dollars a million metrics, beyond what the plan includes\n");
  const rows = Object.values(results).map(({ title, total, bar, bytesPerMetric }) => [
    title,
    money(total),
    bar === undefined ? "–" : `${money(bar)} ${total <= bar ? "ok" : "MISSED"}`,
    bytesPerMetric.toFixed(1),
  ]);
  console.log(markdown(["", "dollars", "at most", "bytes kept a metric"], rows));
  const { unwatched, polled, live } = results;
  for (const watched of unwatched ? [polled, live].filter((result) => result !== undefined) : []) {
    const ratio = rowsWritten(watched) / rowsWritten(unwatched);
    const verdict = ratio <= WATCHED_ROWS ? "ok" : "MISSED";
    console.log(
      `\nRows written by ${watched.title}: ${ratio.toFixed(2)} times those of a run nobody watches (at most ${WATCHED_ROWS} ${verdict})`,
    );
  }
}

function rowsWritten({ counts }) {
  return sum(counts.d1RowsWritten) + sum(counts.objectRowsWritten);
}

function count(n) {
  return n < 10 && n > 0 ? n.toFixed(1) : Math.round(n).toLocaleString("en-US");
}

function money(dollars) {
  return `$${dollars.toFixed(4)}`;
}
