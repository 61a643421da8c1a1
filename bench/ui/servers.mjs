import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createExperiment } from "../lib/api.mjs";
import { startPeer } from "../lib/peers.mjs";
import { progress } from "../lib/session.mjs";
import { rest } from "../metrics/seed.mjs";
import { seedRuns } from "../search/seed.mjs";
import { MOST, SIZES, seedCharts, seedLive, seedMost } from "./seed.mjs";

/** A server on which an experiment has `count` runs, written while it was stopped. */
async function withRuns(name, folder, count, onSpawn) {
  await mkdir(folder, { recursive: true });
  const empty = await startPeer(name, folder, onSpawn);
  const experiment = await createExperiment(empty.port, `table-${count}`);
  await empty.process.stop();
  progress(`writing ${count.toLocaleString("en-US")} runs for ${empty.label}`);
  seedRuns(empty, experiment, count);
  const peer = await startPeer(name, folder, onSpawn);
  return { ...peer, table: experiment };
}

/**
 * Starts the servers that the chosen parts need, with their data: { beside: [Tidemark, MLflow], large }, each with its port
 * and `table`, `charts`, `live`, `most`: where what was written is.
 */
export async function prepare({ parts, quick, folder, onSpawn }) {
  const sizes = quick ? { ...SIZES, manyRuns: 10_000 } : SIZES;
  const most = quick ? { ...MOST, points: 5_000 } : MOST;
  const beside = [];
  for (const name of ["tidemark", "mlflow"]) {
    const peer = await withRuns(name, join(folder, "beside"), sizes.runs, onSpawn);
    progress(`writing ${sizes.charts} series of ${sizes.steps.toLocaleString("en-US")} steps for ${peer.label}`);
    beside.push({ ...peer, charts: await seedCharts(peer, sizes) });
  }
  const [ours] = beside;
  if (parts.includes("heap") || parts.includes("shown")) ours.live = await seedLive(ours);
  if (parts.includes("most")) {
    progress("writing the longest series");
    ours.most = await seedMost(ours, most);
  }
  const large = parts.includes("scroll")
    ? await withRuns("tidemark", join(folder, "large"), sizes.manyRuns, onSpawn)
    : undefined;
  for (const peer of [...beside, ...(large ? [large] : [])]) await rest(peer);
  return { beside, large };
}

/** What measuring needs to know of the servers, as JSON. */
export function addresses({ beside, large }) {
  const plain = ({ name, label, port, table, charts, live, most }) => ({
    name,
    label,
    port,
    table,
    charts,
    live,
    most,
  });
  return { beside: beside.map(plain), large: large && plain(large) };
}
