import { createExperiment, createRuns } from "../lib/api.mjs";
import { FIRST_STEP } from "../lib/bodies.mjs";
import { progress, writeTurn } from "../lib/session.mjs";
import { GROWTH } from "./cases.mjs";
import { readPath, readTurn } from "./reads.mjs";
import { rest, seed } from "./seed.mjs";

/** Reads timed beside the growth writes. Pages are small enough that every size of run but the empty one fills them. */
const READS = [
  { name: "history-page", kind: "history", page: 1000 },
  { name: "interval", kind: "interval" },
];
/** Runs below this size would be another size after one turn, so they are made anew for each. */
const KEPT_FROM = 1_000_000;

async function seeded(peer, experiment, points) {
  const [runId] = await createRuns(peer.port, experiment, 1);
  if (points > 0) await seed(peer, runId, 10, points);
  return { runId, points, nextStep: FIRST_STEP };
}

async function readsOf(peer, run) {
  const found = {};
  for (const test of READS) {
    if (run.points === 0 || (test.kind === "interval" && peer.name === "fasttrackml")) continue;
    found[test.name] = await readTurn(
      peer,
      readPath(test, [run.runId]),
      `${peer.label}, ${run.points} points, ${test.name}`,
    );
  }
  return found;
}

/**
 * Writes into runs of growing size on one server, sizes taking turns, and reads from each before them.
 * Returns { [size]: { reads, writes: { [case]: requests a second of each turn } } }.
 */
export async function measureGrowth(peer, turns, seconds) {
  const sizes = peer.database === null ? GROWTH.points : GROWTH.peerPoints;
  const experiment = await createExperiment(peer.port, `growth-${Date.now()}`);
  const results = {};
  const kept = new Map();
  for (const points of sizes) {
    progress(`  seeding ${points} points`);
    const run = await seeded(peer, experiment, points);
    await rest(peer);
    results[points] = { reads: await readsOf(peer, run), writes: {} };
    if (points >= KEPT_FROM) kept.set(points, run);
  }
  for (const test of GROWTH.writes) {
    for (let turn = 0; turn < turns; turn++) {
      for (let i = 0; i < sizes.length; i++) {
        const points = sizes[(i + turn) % sizes.length];
        const run = kept.get(points) ?? (await seeded(peer, experiment, points));
        if (!kept.has(points)) await rest(peer);
        progress(`  ${test.name} into ${points}`);
        const job = { runIds: [run.runId], firstStep: run.nextStep, check: points === 0 };
        const result = await writeTurn(peer, test, seconds, job);
        run.nextStep = result.steps.end;
        results[points].writes[test.name] ??= [];
        results[points].writes[test.name].push(result.requestsPerSecond);
      }
    }
  }
  return results;
}
