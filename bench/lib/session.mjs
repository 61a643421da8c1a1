import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createExperiment, createRuns, finishRuns } from "./api.mjs";
import { generate } from "./generator.mjs";
import { PEERS, startPeer } from "./peers.mjs";
import { verify } from "./verify.mjs";

const WARMUP_SECONDS = 0.5;
const SLOW_WINDOW = 2.5;

/**
 * Options common to the benchmarks, from the command line:
 * { turns, seconds, quick, peers (names), only (case names or null), folder }.
 */
export function options(defaults) {
  const { values } = parseArgs({
    options: {
      turns: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      peers: { type: "string" },
      only: { type: "string" },
      folder: { type: "string" },
      out: { type: "string" },
    },
  });
  const names = (values.peers?.split(",") ?? defaults.peers).map((name) => name.trim());
  for (const name of names) {
    if (!Object.hasOwn(PEERS, name)) throw new Error(`no peer "${name}"; there are ${Object.keys(PEERS).join(", ")}`);
  }
  return {
    turns: Number(values.turns ?? (values.quick ? 1 : defaults.turns)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : defaults.seconds)),
    quick: values.quick,
    peers: names,
    only: values.only?.split(",").map((name) => name.trim()) ?? null,
    folder: values.folder ?? os.tmpdir(),
    out: values.out ?? defaults.out,
  };
}

/** Says on standard error how far the benchmark is; standard output is for the table alone. */
export function progress(message) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${message}\n`);
}

/** Starts the named servers on empty folders, calls `use(peers, workFolder, onSpawn)`, ends them and removes their data whatever happens. */
export async function withPeers(names, folder, use) {
  const work = await mkdtemp(join(folder, "tidemark-bench-"));
  const peers = [];
  const spawned = [];
  const interrupted = () => {
    progress("interrupted, stopping the servers");
    Promise.allSettled(spawned.map((server) => server.stop(1000))).finally(() => process.exit(130));
  };
  const ended = () => {
    for (const server of spawned) server.kill();
  };
  process.once("exit", ended);
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  let failed = true;
  try {
    for (const name of names) {
      progress(`starting ${PEERS[name].label}`);
      peers.push(await startPeer(name, work, (server) => spawned.push(server)));
    }
    await Promise.all(peers.map((peer) => peer.process.settle()));
    const result = await use(peers, work, (server) => spawned.push(server));
    failed = false;
    return result;
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await Promise.allSettled(spawned.map((server) => server.stop()));
    process.off("exit", ended);
    if (failed) process.stderr.write(`The servers' logs and data are kept in ${work}\n`);
    else await rm(work, { recursive: true, force: true });
  }
}

/**
 * Calls `once(peer, turn)` for each peer and turn, the peers taking turns and each turn beginning with another of them,
 * so that a slow minute of the machine hits all. Returns { [peer name]: results }.
 */
export async function interleave(peers, turns, once) {
  const results = Object.fromEntries(peers.map((peer) => [peer.name, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[(i + turn) % peers.length];
      results[peer.name].push(await once(peer, turn));
    }
  }
  return results;
}

/** Length of a case's window for a peer in seconds: longer where a peer answers few requests a second. */
export function windowSeconds(peer, test, seconds) {
  if (!peer.slow) return seconds;
  return Math.max(SLOW_WINDOW * seconds, test.slowSeconds ?? 0);
}

/**
 * One turn of a write case on fresh runs, verified: the generator's result with `serverCpuMs` a request and `verified` added.
 * @param {object} test { kind, metrics, connections, runs, slowSeconds }
 */
export async function writeTurn(peer, test, seconds, { runIds, firstStep, check = true } = {}) {
  const ids = runIds ?? (peer.name === "null" ? nullRuns(test.runs) : await freshRuns(peer, test.runs));
  const before = peer.process.sample();
  const result = await generate({
    kind: "write",
    port: peer.port,
    shape: { kind: test.kind, metrics: test.metrics },
    runIds: ids,
    connections: test.connections,
    seconds: windowSeconds(peer, test, seconds),
    warmupSeconds: WARMUP_SECONDS,
    firstStep,
  });
  const after = peer.process.sample();
  result.serverCpuMs = (after.cpuMs - before.cpuMs) / Math.max(1, result.sent);
  result.verified = check ? await verify(peer, result) : null;
  if (runIds === undefined && peer.name !== "null") await finishRuns(peer.port, ids);
  await peer.process.settle();
  progress(`  ${peer.label}: ${Math.round(result.requestsPerSecond * 10) / 10}/s${remarks(result)}`);
  return result;
}

function remarks(result) {
  let text = "";
  if (result.refused.total > 0)
    text += `, refused ${JSON.stringify(result.refused.byStatus)}: ${result.refused.samples[0]}`;
  if (result.unanswered > 0) text += `, ${result.unanswered} never answered`;
  if (result.verified?.missing > 0) text += `, ${result.verified.missing} MISSING`;
  if (result.verified?.extra > 0) text += `, ${result.verified.extra} TOO MANY`;
  return text;
}

let experiments = 0;

/** Creates runs in an experiment of their own. */
export async function freshRuns(peer, count) {
  const experiment = await createExperiment(peer.port, `bench-${process.pid}-${experiments++}`);
  return createRuns(peer.port, experiment, count);
}

function nullRuns(count) {
  return Array.from({ length: count }, (_, i) => i.toString(16).padStart(32, "0"));
}
