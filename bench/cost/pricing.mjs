import { readFileSync } from "node:fs";

/** @typedef {{ title: string, perMillion: number, includedPerMonth: number, freePerDay?: number, page: string }} Meter */

export const PRICES = JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8"));

/**
 * How long an object is taken to be awake: what the local machine needs says nothing about the platform. A call that
 * writes waits for the storage to confirm; a trip to D1 may cross a continent.
 */
export const AWAKE_MS = { call: 10, d1Trip: 50 };
const OBJECT_GB = 0.128;
/** So many WebSocket messages an object receives are billed as one request. */
const MESSAGES_A_REQUEST = 20;

export const sum = (record) => Object.values(record).reduce((total, n) => total + n, 0);

/** What a replay used of each billed quantity, by the names in prices.json. `cpuMs` is the runtime's. */
export function usage(counts, cpuMs) {
  const calls = sum(counts.objectCalls);
  const objectRequests = calls + counts.objectMessages / MESSAGES_A_REQUEST;
  const awakeMs = (calls + counts.objectMessages) * AWAKE_MS.call + counts.d1TripsOfObjects * AWAKE_MS.d1Trip;
  return {
    workerRequests: counts.workerRequests,
    workerCpuMs: cpuMs,
    objectRequests,
    objectGbSeconds: (awakeMs / 1000) * OBJECT_GB,
    objectRowsRead: counts.objectRowsRead,
    objectRowsWritten: sum(counts.objectRowsWritten),
    d1RowsRead: counts.d1RowsRead,
    d1RowsWritten: sum(counts.d1RowsWritten),
    r2ClassA: counts.r2ClassA,
    r2ClassB: counts.r2ClassB,
  };
}

/** Dollars of each meter for quantities, beyond what a plan includes. */
export function priced(quantities) {
  return Object.fromEntries(
    Object.entries(PRICES.meters).map(([name, { perMillion }]) => [name, (quantities[name] * perMillion) / 1e6]),
  );
}

/** The bill of a month in dollars, plan and included amounts counted. */
export function monthly(quantities) {
  const beyond = Object.entries(PRICES.meters).map(
    ([name, { perMillion, includedPerMonth }]) => (Math.max(0, quantities[name] - includedPerMonth) * perMillion) / 1e6,
  );
  return PRICES.plan.perMonth + beyond.reduce((total, dollars) => total + dollars, 0);
}
