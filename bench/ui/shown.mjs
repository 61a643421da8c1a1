/** How long a live run's page takes to show what was acknowledged. */
import { setTimeout as sleep } from "node:timers/promises";
import { postRequest } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";

const KEY = "shown";
/** Far enough apart for the page to have come to rest, as after a step that takes its time. */
const PAUSE_MS = 700;

/**
 * Logs `count` single points into a run that `page` shows: milliseconds from each one's acknowledgement to the frame
 * in which its chart holds it, by the machine's clock.
 */
export async function watchShown(page, { run, port, count }) {
  const connection = new Connection(port);
  const log = async (step) => {
    const body = { run_id: run, key: KEY, value: Math.sin(step), timestamp: Date.now(), step };
    const { status } = await connection.request(
      postRequest("/api/2.0/mlflow/runs/log-metric", port, JSON.stringify(body)),
    );
    if (status !== 200) throw new Error(`log-metric: ${status}`);
    return Date.now();
  };
  await log(0);
  await page.locator(`figure[aria-label^="${KEY},"][data-points="1"]`).waitFor();
  const waits = [];
  for (let step = 1; step <= count; step++) {
    await sleep(PAUSE_MS);
    const seen = page.evaluate(inFrame, { key: KEY, points: step + 1 });
    const acknowledged = await log(step);
    waits.push((await seen) - acknowledged);
  }
  connection.close();
  return waits;
}

/** Runs in the page: the time of the frame in which the chart of `key` holds so many points. */
function inFrame({ key, points }) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.querySelector(`figure[aria-label^="${key},"][data-points="${points}"]`)) resolve(Date.now());
      else requestAnimationFrame(look);
    };
    look();
  });
}
