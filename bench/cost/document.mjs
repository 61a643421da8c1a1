import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { markdown } from "../lib/table.mjs";
import { PRICES } from "./pricing.mjs";
import { teamBills } from "./teams.mjs";

const DOCUMENT = fileURLToPath(new URL("../../docs/cost.md", import.meta.url));

/** Writes the figures of a full run into the tables of docs/cost.md. */
export function updateDocument(results) {
  const tables = { measured: measured(results), teams: teams(results) };
  let text = readFileSync(DOCUMENT, "utf8");
  for (const [name, table] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/cost.md has no place for the table "${name}"`);
    text = `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
  }
  writeFileSync(DOCUMENT, text);
}

/** The most metrics that fit into amounts of each meter: `amountOf(meter)` may be undefined for unlimited. */
function fitting({ perMillion }, amountOf) {
  const limits = Object.entries(PRICES.meters).map(([name, meter]) => {
    const amount = amountOf(meter);
    return amount === undefined || perMillion[name] === 0
      ? Number.POSITIVE_INFINITY
      : (amount / perMillion[name]) * 1e6;
  });
  return millions(Math.min(...limits));
}

function measured(results) {
  const head = [
    "Workload",
    "$ a million",
    "Worker requests",
    "object requests",
    "object rows",
    "D1 rows",
    "metrics in $5",
    "free a day",
  ];
  const rows = Object.values(results).map((r) => [
    r.title,
    r.total.toFixed(3),
    ...["workerRequests", "objectRequests", "objectRowsWritten", "d1RowsWritten"].map((name) =>
      whole(r.perMillion[name]),
    ),
    fitting(r, (meter) => meter.includedPerMonth),
    fitting(r, (meter) => meter.freePerDay),
  ]);
  return markdown(head, rows);
}

function teams(results) {
  const head = ["Team", "metrics a month", "usage", "D1 storage", "R2 storage", "all, a month"];
  const rows = teamBills(results).map((t) => [
    t.name,
    millions(t.metrics),
    dollars(t.usage),
    `${dollars(t.d1Storage)} (${whole(t.d1Gb)} GB)`,
    `${dollars(t.r2Storage)} (${whole(t.artifactsGb * 12)} GB)`,
    dollars(t.usage + t.d1Storage + t.r2Storage),
  ]);
  return markdown(head, rows);
}

/** Two digits are all that such figures mean. */
function millions(n) {
  const size = n / 1e6;
  return size >= 1000 ? `${(size / 1000).toPrecision(2)} billion` : `${Number(size.toPrecision(2))} million`;
}

function whole(n) {
  return Math.round(n).toLocaleString("en-US");
}

function dollars(n) {
  return `$${whole(n)}`;
}
