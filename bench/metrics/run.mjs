/**
 * The complete benchmark of the metrics path, Tidemark beside MLflow's own server and FastTrackML: `npm run bench:metrics`.
 * Options: --only writes,reads,lifecycle,storage,growth or names of cases; --turns, --seconds, --quick, --peers, --folder, --out.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createExperiment } from "../lib/api.mjs";
import { generate } from "../lib/generator.mjs";
import { machine, machineLine } from "../lib/machine.mjs";
import { PEERS, ROOT } from "../lib/peers.mjs";
import { interleave, options, progress, withPeers, writeTurn } from "../lib/session.mjs";
import { GROWTH, LIFECYCLE, READS, STORAGE, supports, WRITES } from "./cases.mjs";
import { measureGrowth } from "./growth.mjs";
import { prepareRead, readPath, readPoints, readTurn } from "./reads.mjs";
import { growthTable, mainTable, notes, rows, soundnessTable } from "./report.mjs";
import { measureStorage } from "./storage.mjs";

const FULL = join(ROOT, "bench/results/metrics.json");
const PARTIAL = join(ROOT, "bench/results/partial.json");
const QUICK_RUNS = 100;

const given = options({ turns: 3, seconds: 3, peers: ["tidemark", "mlflow", "mlflow-default", "fasttrackml"] });
const chosen = (group, name) => given.only === null || given.only.includes(group) || given.only.includes(name);
const names = given.peers.filter((name) => name !== "null");
const labels = Object.fromEntries(Object.entries(PEERS).map(([name, peer]) => [name, peer.label]));

async function writes(peers, nothing) {
  const results = {};
  for (const test of WRITES.filter((one) => chosen("writes", one.name))) {
    progress(test.label);
    const turns = await interleave(peers, given.turns, (peer) => writeTurn(peer, test, given.seconds));
    turns.null = [await writeTurn(nothing, test, Math.min(2, given.seconds))];
    // Counts by run served the verification and would be most of the file.
    for (const turn of Object.values(turns).flat()) delete turn.acknowledged;
    results[test.name] = turns;
  }
  return results;
}

async function reads(peers) {
  const results = {};
  for (const test of READS.filter((one) => chosen("reads", one.name))) {
    const able = peers.filter((peer) => supports(peer, test));
    const paths = {};
    const answers = {};
    for (const peer of able) {
      progress(`${test.label}: filling ${peer.label}`);
      const runIds = await prepareRead(peer, test);
      paths[peer.name] = readPath(test, runIds);
      answers[peer.name] = await readPoints(peer, paths[peer.name], runIds);
    }
    results[test.name] = {
      answers,
      turns: await interleave(able, given.turns, (peer) => readTurn(peer, paths[peer.name])),
    };
  }
  return results;
}

async function lifecycle(peers) {
  progress(LIFECYCLE.label);
  return interleave(peers, given.turns, async (peer, turn) => {
    const experimentId = await createExperiment(peer.port, `lifecycle-${turn}`);
    const { connections } = LIFECYCLE;
    const count = given.quick ? QUICK_RUNS : LIFECYCLE.count;
    const result = await generate({ kind: "runs", port: peer.port, experimentId, connections, count });
    await peer.process.settle();
    progress(`  ${peer.label}: ${result.runsPerSecond.toFixed(1)} runs/s ${result.refused.samples[0] ?? ""}`);
    return result;
  });
}

const memory = (peers) =>
  Object.fromEntries(peers.map((peer) => [peer.name, { peakRss: peer.process.peakRss, ...peer.process.sample() }]));

/** Everything that runs with the servers side by side; memory is the peak over it. */
async function sideBySide() {
  const wanted = [...WRITES, ...READS].some((test) => chosen(WRITES.includes(test) ? "writes" : "reads", test.name));
  if (!wanted && !chosen("lifecycle", LIFECYCLE.name)) return {};
  return withPeers([...names, "null"], given.folder, async (all, work) => {
    const peers = all.filter((peer) => peer.name !== "null");
    const on = machine(work);
    const results = { machine: on, writes: await writes(peers, all.at(-1)), reads: await reads(peers) };
    if (chosen("lifecycle", LIFECYCLE.name)) results.lifecycle = await lifecycle(peers);
    results.memory = memory(peers);
    return results;
  });
}

/** Storage and growth start servers of their own, one after another, on folders that hold nothing else. */
async function alone(results) {
  // The two ways of running MLflow store the same, and grow the same.
  const different = names.filter((name) => name !== "mlflow-default");
  if (chosen("storage", STORAGE.name)) {
    results.storage = {};
    for (const name of different) {
      progress(`${STORAGE.label}: ${labels[name]}`);
      results.storage[name] = await withPeers([], given.folder, (_, work, onSpawn) =>
        measureStorage(name, work, STORAGE, onSpawn),
      );
    }
  }
  if (chosen("growth", GROWTH.name)) {
    results.growth = {};
    for (const name of different) {
      progress(`growth: ${labels[name]}`);
      results.growth[name] = await withPeers([name], given.folder, ([peer]) =>
        measureGrowth(peer, given.turns, given.seconds),
      );
    }
  }
}

const started = Date.now();
const results = await sideBySide();
await alone(results);
const table = rows(results, names);
const minutes = Math.round((Date.now() - started) / 60_000);
// Without the places of this machine: they say nothing to a reader of the figures.
const { folder: _folder, out: _out, ...asked } = given;
const report = { date: new Date().toISOString(), minutes, options: asked, rows: table, ...results };

const sections = [];
if (results.machine) sections.push(machineLine(results.machine));
if (table.length > 0) sections.push(mainTable(table, names, labels));
if (Object.keys(results.writes ?? {}).length > 0) sections.push(soundnessTable(results.writes, names, labels));
if (results.growth) sections.push(growthTable(results.growth, labels));
sections.push(notes(results, labels).join("\n"));
process.stdout.write(`${sections.join("\n\n")}\n`);

const complete = given.only === null && !given.quick && names.length === 4;
const out = given.out ?? (complete ? FULL : PARTIAL);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, `${JSON.stringify(report, null, 1)}\n`);
progress(`written to ${out} after ${minutes} minutes`);
