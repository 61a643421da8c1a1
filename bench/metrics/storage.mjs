import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { finishRuns } from "../lib/api.mjs";
import { startPeer } from "../lib/peers.mjs";
import { freshRuns } from "../lib/session.mjs";
import { rest, seed } from "./seed.mjs";

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Moves what SQLite still holds in write-ahead logs into the databases themselves. */
function checkpoint(folder) {
  for (const file of files(folder)) {
    if (!/\.(db|sqlite)$/.test(file) || !existsSync(`${file}-wal`)) continue;
    const db = new DatabaseSync(file, { timeout: 10_000 });
    try {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      db.close();
    }
  }
}

/** Bytes of all files, and of those of D1 alone. */
function sizes(folder) {
  checkpoint(folder);
  let all = 0;
  let d1 = 0;
  for (const file of files(folder)) {
    const { size } = statSync(file);
    all += size;
    if (/[/\\]d1[/\\]/.test(file)) d1 += size;
  }
  return { all, d1 };
}

/**
 * Starts a server on an empty folder twice: once to see what an empty one takes, once to fill one run with `points` and end it.
 * Sizes are taken when the server is stopped: { emptyBytes, bytes, bytesPerPoint, d1BytesPerPoint }, the last two counting growth.
 */
export async function measureStorage(name, workFolder, { keys, points }, onSpawn) {
  const work = join(workFolder, "storage");
  await mkdir(work, { recursive: true });
  const first = await startPeer(name, work, onSpawn);
  await first.process.settle();
  await first.process.stop();
  const empty = sizes(first.data);
  const second = await startPeer(name, work, onSpawn);
  const runs = await freshRuns(second, 1);
  await seed(second, runs[0], keys, points);
  await finishRuns(second.port, runs);
  await rest(second);
  await second.process.stop();
  const full = sizes(second.data);
  return {
    emptyBytes: empty.all,
    bytes: full.all,
    bytesPerPoint: (full.all - empty.all) / points,
    d1BytesPerPoint: full.d1 > 0 ? (full.d1 - empty.d1) / points : null,
  };
}
