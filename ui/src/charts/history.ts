import { metricHistory, sampledHistory } from "../api/mlflow";
import type { Metric } from "../api/types";

/** Histories up to this length are drawn point by point; more than a chart has pixels by far. */
export const EXACT_MAX = 5000;
/** The most the API hands out as a sample. */
export const SAMPLE_MAX = 2500;

export interface History {
  points: Metric[];
  /** The points are a sample of a longer history. */
  thinned: boolean;
}

/** Calls at once: a page of many charts must not keep the rest of the page waiting. */
const AT_ONCE = 4;
let running = 0;
const waiting: (() => void)[] = [];

/**
 * A metric's history for one chart.
 * @throws {ApiError}
 */
export async function loadHistory(run: string, key: string, signal: AbortSignal): Promise<History> {
  return inTurn(signal, async () => {
    const whole = await metricHistory(run, key, EXACT_MAX, signal);
    if (whole.next === undefined) return { points: whole.items, thinned: false };
    return { points: await sampledHistory(run, key, SAMPLE_MAX, signal), thinned: true };
  });
}

async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
