/**
 * The page beside MLflow's own, in a headless browser: `npm run bench:ui`.
 * Options: --only table,charts,most,scroll,shown,heap; --turns, --quick, --folder, --out. `--serve FILE` starts and fills the servers, writes
 * their addresses into the file and waits; `--with FILE` measures those. See ../README.md.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { findBrowser } from "../../test/ui/browser.mjs";
import { machine, machineLine } from "../lib/machine.mjs";
import { ROOT } from "../lib/peers.mjs";
import { interleave, progress, withPeers } from "../lib/session.mjs";
import { CHARTS, LARGE, LIVE, MANY, TABLE } from "./cases.mjs";
import { watchHeap } from "./heap.mjs";
import { table } from "./report.mjs";
import { addresses, prepare } from "./servers.mjs";
import { watchShown } from "./shown.mjs";
import { firstVisit, scroll } from "./visits.mjs";

const FULL = join(ROOT, "bench/results/ui.json");
const PARTIAL = join(ROOT, "bench/results/partial.json");
const PARTS = ["table", "charts", "most", "scroll", "shown", "heap"];
const SCROLL_SECONDS = 3;
const SHOWN_POINTS = 40;
/** An hour of a run that logs ten metrics ten times a second. */
const HOUR = { steps: 36_000, seconds: 120 };

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    turns: { type: "string" },
    quick: { type: "boolean", default: false },
    folder: { type: "string" },
    out: { type: "string" },
    serve: { type: "string" },
    with: { type: "string" },
    pictures: { type: "string" },
  },
});
const parts = values.only?.split(",") ?? PARTS;
const turns = Number(values.turns ?? (values.quick ? 1 : 5));
const folder = values.folder ?? os.tmpdir();

async function launch() {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chromium found; set CHROMIUM");
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

const address = (peer, path) => `http://127.0.0.1:${peer.port}/${path}`;
const pictureOf = (name) => values.pictures && join(values.pictures, `${name}.png`);

/** First visits to each server in turns, by one browser whose contexts share nothing. */
async function beside(name, cases, peers) {
  progress(name);
  const browser = await launch();
  try {
    return await interleave(peers, turns, async (peer, turn) => {
      const { path, ...visit } = cases[peer.name];
      const picture = turn === 0 ? pictureOf(`${name}-${peer.name}`) : undefined;
      const found = await firstVisit(browser, { url: address(peer, path(peer)), ...visit, picture });
      progress(`  ${peer.label}: ${Math.round(found.ms)} ms, ${Math.round(found.bytes / 1000)} KB`);
      return found;
    });
  } finally {
    await browser.close();
  }
}

const MEASURE = {
  table: ({ beside: peers }) => beside("table", TABLE, peers),
  charts: ({ beside: peers }) => beside("charts", CHARTS, peers),
  most: async ({ beside: [ours] }) => (await beside("most", { tidemark: MANY }, [ours])).tidemark,
  async scroll({ large }) {
    progress("scroll");
    const browser = await launch();
    const results = [];
    const after = async (page) => {
      for (let turn = 0; turn < turns; turn++) results.push(await scroll(page, SCROLL_SECONDS));
    };
    await firstVisit(browser, { url: address(large, LARGE.path(large)), test: LARGE.test, after });
    await browser.close();
    progress(`  ${results.map(({ fps }) => Math.round(fps)).join(", ")} frames a second`);
    return results;
  },
  async shown({ beside: [ours] }) {
    progress("shown");
    const browser = await launch();
    let waits = [];
    const after = async (page) => {
      waits = await watchShown(page, { ...ours.live, port: ours.port, count: SHOWN_POINTS });
    };
    await firstVisit(browser, { url: address(ours, LIVE.path(ours)), test: LIVE.test, after });
    await browser.close();
    progress(`  ${waits.join(", ")} ms`);
    return waits;
  },
  async heap({ beside: [ours] }) {
    progress("heap");
    const browser = await launch();
    const hour = values.quick ? { steps: HOUR.steps / 10, seconds: HOUR.seconds / 10 } : HOUR;
    let found;
    const after = async (page) => {
      found = await watchHeap(page, { ...ours.live, port: ours.port, ...hour });
    };
    const picture = pictureOf("live");
    await firstVisit(browser, { url: address(ours, LIVE.path(ours)), test: LIVE.test, after });
    if (picture) await writeFile(picture, found.picture);
    await browser.close();
    progress(`  ${found.samples.map(({ bytes }) => (bytes / 1e6).toFixed(1)).join(", ")} MB`);
    return { samples: found.samples, points: found.points };
  },
};

async function measure(servers) {
  const found = { date: new Date().toISOString(), machine: machine(folder), turns, parts: {} };
  for (const part of parts) found.parts[part] = await MEASURE[part](servers);
  const isWhole = !values.quick;
  const out = values.out ?? (isWhole ? FULL : PARTIAL);
  // Parts that were not measured now stay as they were.
  const before = isWhole && existsSync(out) ? JSON.parse(await readFile(out, "utf8")) : { parts: {} };
  const merged = { ...found, parts: { ...before.parts, ...found.parts } };
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, `${JSON.stringify(merged, null, 1)}\n`);
  process.stdout.write(`${machineLine(found.machine)}\n\n${table(merged.parts)}\n`);
  progress(`written to ${out}`);
}

if (values.with) await measure(JSON.parse(await readFile(values.with, "utf8")));
else {
  await withPeers([], folder, async (_, work, onSpawn) => {
    const servers = await prepare({ parts, quick: values.quick, folder: work, onSpawn });
    if (!values.serve) return measure(addresses(servers));
    await writeFile(values.serve, JSON.stringify(addresses(servers)));
    progress("ready; Ctrl-C ends the servers");
    return new Promise(() => setInterval(() => undefined, 60_000));
  });
}
