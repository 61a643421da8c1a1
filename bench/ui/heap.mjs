/** What a page holds while a run goes on: an hour's points in minutes. */
import { setTimeout as sleep } from "node:timers/promises";
import { KEYS, postRequest } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { heapBytes } from "./visits.mjs";

/** Batches of so many steps, as a client that collects a second of a fast run sends them. */
const STEPS = 50;
const SAMPLES = 8;

/**
 * Logs `steps` steps of ten metrics over `seconds` into a run that `page` shows: { samples: [{ second, bytes }], points, picture }.
 * The heap is taken after collections, at the beginning and then at equal times.
 */
export async function watchHeap(page, { run, port, steps, seconds }) {
  const client = await page.context().newCDPSession(page);
  const connection = new Connection(port);
  const began = performance.now();
  const samples = [];
  let sent = 0;
  for (let sample = 0; sample <= SAMPLES; sample++) {
    const until = Math.round((steps * sample) / SAMPLES);
    for (; sent < until; sent += STEPS) {
      const { status } = await connection.request(batch(run, port, sent));
      if (status !== 200) throw new Error(`log-batch: ${status}`);
      await sleep(Math.max(0, began + ((sent + STEPS) / steps) * seconds * 1000 - performance.now()));
    }
    // The first values have been drawn and the fold of repeated code is done before the heap is first taken.
    if (sample === 0) continue;
    const second = Math.round((performance.now() - began) / 1000);
    samples.push({ second, bytes: await heapBytes(client) });
  }
  connection.close();
  return { samples, points: sent * KEYS.length, picture: await page.screenshot() };
}

function batch(run, port, first) {
  const now = Date.now();
  const metrics = [];
  for (let step = first; step < first + STEPS; step++) {
    for (const [k, key] of KEYS.entries()) {
      const value = Math.exp(-step / (8000 + 500 * k)) + 0.05 * Math.random();
      metrics.push({ key, value, timestamp: now, step });
    }
  }
  return postRequest("/api/2.0/mlflow/runs/log-batch", port, JSON.stringify({ run_id: run, metrics }));
}
