import { DatabaseSync } from "node:sqlite";
import { eachHistoryPage, withApi } from "./api.mjs";
import { KEYS } from "./bodies.mjs";

/** What one run holds of the ten keys, read back through get-history: { points, repeats, foreign } . */
async function held(api, runId, steps) {
  let points = 0;
  let repeats = 0;
  let foreign = 0;
  for (const key of KEYS) {
    const seen = new Uint8Array(steps.end - steps.first);
    await eachHistoryPage(api, runId, key, (metrics) => {
      for (const { step } of metrics) {
        const at = Number(step) - steps.first;
        if (at < 0 || at >= seen.length) foreign++;
        else if (seen[at] === 1) repeats++;
        else {
          seen[at] = 1;
          points++;
        }
      }
    });
  }
  return { points, repeats, foreign };
}

function countRows(database, runId) {
  const db = new DatabaseSync(database, { readOnly: true, timeout: 30_000 });
  try {
    return db.prepare("SELECT count(*) AS n FROM metrics WHERE run_uuid = ?").get(runId).n;
  } finally {
    db.close();
  }
}

/**
 * Checks that a server holds what it acknowledged in one write job, no more and no less: { checked, missing, extra }.
 * Tidemark is asked through get-history, where every step must be there once; of the peers' databases the rows are counted.
 * Observations of refused or unanswered requests may be there or not, so they only bound `extra` from above.
 */
export async function verify(peer, result) {
  if (peer.name === "null") return { checked: 0, missing: 0, extra: 0 };
  const doubtful = result.refused.total + result.unanswered > 0;
  const total = { checked: 0, missing: 0, extra: 0 };
  await withApi(peer.port, async (api) => {
    for (const [runId, acknowledged] of Object.entries(result.acknowledged)) {
      const found =
        peer.database === null
          ? await held(api, runId, result.steps)
          : { points: countRows(peer.database, runId), repeats: 0, foreign: 0 };
      total.checked += acknowledged;
      total.missing += Math.max(0, acknowledged - found.points);
      total.extra += found.repeats + found.foreign;
      if (!doubtful) total.extra += Math.max(0, found.points - acknowledged);
    }
  });
  return total;
}
