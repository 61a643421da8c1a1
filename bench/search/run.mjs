/**
 * Searches of 1,000, 10,000 and 100,000 runs, Tidemark beside MLflow's own server and FastTrackML: `npm run bench:search`.
 * Options: --only 1000,10000,growth or names of cases; --turns, --quick, --peers, --folder, --out. See ../README.md.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createExperiment, withApi } from "../lib/api.mjs";
import { postRequest } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { generate } from "../lib/generator.mjs";
import { machine, machineLine } from "../lib/machine.mjs";
import { PEERS, ROOT, startPeer } from "../lib/peers.mjs";
import { interleave, options, progress, withPeers } from "../lib/session.mjs";
import { median } from "../lib/stats.mjs";
import { CASES, casesOf, GROWTH, SIZES, supports } from "./cases.mjs";
import { tables } from "./report.mjs";
import { seedRuns } from "./seed.mjs";

const OURS = "tidemark";
const PATH = "/api/2.0/mlflow/runs/search";
const REPEATS = 9;
const SLOW_REPEATS = 3;
const FULL = join(ROOT, "bench/results/search.json");
const PARTIAL = join(ROOT, "bench/results/partial.json");

const given = options({ turns: 3, peers: [OURS, "mlflow", "fasttrackml"] });
const parts = [...SIZES.map(String), GROWTH.name];
const onlyParts = given.only?.filter((name) => parts.includes(name)) ?? [];
const onlyCases = given.only?.filter((name) => CASES.some((test) => test.name === name)) ?? [];
const chosenParts = onlyParts.length > 0 ? onlyParts : parts;
const chosenCases = (size) => casesOf(size, onlyCases.length > 0 ? onlyCases : undefined);

/** Starts a server on an empty folder, stops it, writes its runs, and starts it again. */
async function filled(name, work, size, onSpawn) {
  const empty = await startPeer(name, work, onSpawn);
  const experiment = await createExperiment(empty.port, `search-${size}`);
  await empty.process.stop();
  progress(`writing ${size.toLocaleString("en-US")} runs for ${empty.label}`);
  seedRuns(empty, experiment, size);
  const peer = await startPeer(name, work, onSpawn);
  await peer.process.settle(60_000);
  return { ...peer, experiment };
}

/** The request of a case to a server: for a later page with the token that the page before gave. */
async function requestOf(peer, test) {
  const json = { experiment_ids: [peer.experiment], ...test.body };
  await withApi(peer.port, async (api) => {
    for (let page = 1; page < (test.page ?? 1); page++) {
      json.page_token = (await api.post("runs/search", json)).next_page_token;
    }
  });
  return json;
}

const entries = (list = []) => list.map(({ key, value }) => `${key}=${value}`).sort();

/** What a server answers: the number of runs, and a digest of their names, metrics, params and tags in order. */
async function answerOf(peer, json) {
  const connection = new Connection(peer.port, { keepBody: true });
  const { status, body, bytes } = await connection.request(postRequest(PATH, peer.port, JSON.stringify(json)));
  connection.close();
  if (status !== 200) throw new Error(`${peer.label}: ${status} ${body.toString("utf8", 0, 500)}`);
  const { runs = [] } = JSON.parse(body.toString());
  const said = runs.map(({ info, data }) => [
    info.run_name,
    info.start_time,
    entries(data.metrics),
    entries(data.params),
    entries(data.tags),
  ]);
  const digest = createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16);
  return { runs: runs.length, digest, bytes };
}

async function turn(peer, test, json) {
  const repeats = peer.slow ? SLOW_REPEATS : REPEATS;
  const { milliseconds, refused } = await generate({ kind: "read", port: peer.port, path: PATH, json, repeats });
  if (refused.total > 0) throw new Error(`${peer.label} refused ${test.name}: ${refused.samples[0]}`);
  await peer.process.settle();
  const time = median(milliseconds);
  progress(`  ${peer.label}: ${time.toFixed(1)} ms`);
  return time;
}

/** One case on some servers: { turns: { peer: ms }, answers: { peer: { runs, digest, bytes } } }. */
async function measure(test, peers) {
  progress(test.label);
  const requests = {};
  const answers = {};
  for (const peer of peers) {
    requests[peer.name] = await requestOf(peer, test);
    answers[peer.name] = await answerOf(peer, requests[peer.name]);
  }
  const turns = await interleave(peers, given.turns, (peer) => turn(peer, test, requests[peer.name]));
  return { date: new Date().toISOString(), turns, answers };
}

/** All servers side by side, with as many runs each. */
function sideBySide(size) {
  return withPeers([], given.folder, async (_, work, onSpawn) => {
    const on = machine(work);
    const peers = [];
    for (const name of given.peers) peers.push(await filled(name, work, size, onSpawn));
    const cases = {};
    for (const test of chosenCases(size)) {
      cases[test.name] = await measure(
        test,
        peers.filter((peer) => supports(peer.name, test)),
      );
    }
    return { machine: on, cases };
  });
}

/** Tidemark twice, with few and with many runs, side by side. */
function growth() {
  return withPeers([], given.folder, async (_, work, onSpawn) => {
    const on = machine(work);
    const sizes = given.quick ? GROWTH.sizes.map((size) => size / 10) : GROWTH.sizes;
    const peers = [];
    for (const [i, size] of sizes.entries()) {
      const folder = join(work, String(size));
      await mkdir(folder);
      const peer = await filled(OURS, folder, size, onSpawn);
      peers.push({ ...peer, name: String(GROWTH.sizes[i]), label: size.toLocaleString("en-US") });
    }
    const cases = {};
    const least = Number(peers[0].name);
    const most = Number(peers[1].name);
    for (const test of chosenCases(most)) {
      const able = peers.filter((peer) => Number(peer.name) === most || chosenCases(least).includes(test));
      cases[test.name] = await measure(test, able);
    }
    return { machine: on, cases };
  });
}

/** What was measured takes its place in the file, case by case, and leaves the rest as it is. */
async function merged(file, found) {
  const before = existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : {};
  const both = parts.filter((name) => found[name] ?? before[name]);
  const cases = (name) => ({ ...before[name]?.cases, ...found[name]?.cases });
  return Object.fromEntries(both.map((name) => [name, { ...before[name], ...found[name], cases: cases(name) }]));
}

const found = {};
for (const name of chosenParts) {
  progress(name === GROWTH.name ? "growth" : `${name} runs`);
  const size = given.quick ? Number(name) / 10 : Number(name);
  found[name] = name === GROWTH.name ? await growth() : await sideBySide(size);
}

const labels = Object.fromEntries(Object.entries(PEERS).map(([name, { label }]) => [name, label]));
const [first] = Object.values(found);
process.stdout.write(`${machineLine(first.machine)}\n\n${tables(found, given.peers, labels)}\n`);

const isFull = !given.quick && given.peers.length === 3;
const out = given.out ?? (isFull ? FULL : PARTIAL);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, `${JSON.stringify(isFull ? await merged(out, found) : found, null, 1)}\n`);
progress(`written to ${out}`);
