/** What the page reads out of MLflow's runs; plain functions on plain data. */
import type { KeyValue, Metric, Run, RunInfo, WireDouble } from "../api/types";

/** MLflow stores an infinity as the largest double. */
const LARGEST = Number.MAX_VALUE;

/** The number behind the API's spelling: NaN and infinities included. */
export function toNumber(value: WireDouble): number {
  const number = Number(value);
  if (Math.abs(number) === LARGEST) return number > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return number;
}

export function runName(info: RunInfo): string {
  return info.run_name || info.run_id.slice(0, 8);
}

/** Running or about to. */
export function isLive(info: RunInfo): boolean {
  return (info.status === "RUNNING" || info.status === "SCHEDULED") && info.lifecycle_stage !== "deleted";
}

/** A run that says nothing for this many of its usual pauses is stale, and none is before so many milliseconds. */
const PAUSES = 5;
const STALE_AT_LEAST_MS = 60_000;

/** Whether a run has been silent for much longer than between its points so far; times in UTC milliseconds. */
export function isSilent(run: { start: number; lastPoint: number; lastStep: number }, now: number): boolean {
  const usual = Math.max(0, run.lastPoint - run.start) / Math.max(1, run.lastStep);
  return now - run.lastPoint > Math.max(STALE_AT_LEAST_MS, PAUSES * usual);
}

/** Milliseconds from start to end, to `now` while it runs; undefined before it starts. */
export function runDuration(info: RunInfo, now: number): number | undefined {
  if (!info.start_time) return undefined;
  if (info.end_time) return info.end_time - info.start_time;
  return isLive(info) ? now - info.start_time : undefined;
}

/**
 * When anything last happened to a run, in UTC milliseconds. Metrics carry the times their writers gave them, so a
 * time to come counts for nothing.
 */
export function lastActivity(run: Run, now: number): number {
  const times = [run.info.start_time, run.info.end_time, lastPoint(run)?.timestamp];
  return Math.max(0, ...times.filter((time) => time !== undefined && time <= now + 60_000).map(Number));
}

/** The observation with the newest time among the latest of each key. */
export function lastPoint(run: Run): Metric | undefined {
  let newest: Metric | undefined;
  for (const metric of run.data.metrics ?? []) if (!newest || metric.timestamp > newest.timestamp) newest = metric;
  return newest;
}

export function tagValue(run: Run, key: string): string | undefined {
  return run.data.tags?.find((tag) => tag.key === key)?.value;
}

/** Tags people set; MLflow's own start with "mlflow.". */
export function ownTags(run: Run): KeyValue[] {
  return (run.data.tags ?? []).filter((tag) => !tag.key.startsWith("mlflow."));
}

export function systemTags(run: Run): KeyValue[] {
  return (run.data.tags ?? []).filter((tag) => tag.key.startsWith("mlflow."));
}

/** Orders by name, numbers in names by their size: m2 before m10. */
export function compareNames(a: string, b: string): number {
  const [as, bs] = [a, b].map((name) => name.toLowerCase().split(/(\d+)/));
  for (const [i, part] of (as ?? []).entries()) {
    const other = bs?.[i];
    if (other === undefined) return 1;
    // The odd ones are digits.
    const order = i % 2 ? Number(part) - Number(other) : 0;
    if (order !== 0) return order;
    if (part !== other) return part < other ? -1 : 1;
  }
  return (as?.length ?? 0) - (bs?.length ?? 0) || (a < b ? -1 : Number(a > b));
}

/** Keys in use, the ones on most runs first, then by name; keys under "system/" last. */
export function keysByUse(runs: readonly Run[], of: (run: Run) => readonly { key: string }[] | undefined): string[] {
  const uses = new Map<string, number>();
  for (const run of runs) for (const { key } of of(run) ?? []) uses.set(key, (uses.get(key) ?? 0) + 1);
  const rank = ([key, count]: [string, number]) => (isSystemKey(key) ? 0 : count);
  return [...uses].sort((a, b) => rank(b) - rank(a) || compareNames(a[0], b[0])).map(([key]) => key);
}

export function isSystemKey(key: string): boolean {
  return key.startsWith("system/");
}

/** One group of charts: the keys that share what stands before the first slash. */
export interface KeyGroup {
  /** Empty for the keys without a slash. */
  prefix: string;
  keys: string[];
}

/** What was measured on data held back says most. */
const HELD_BACK = /^(val|valid|validation|eval|test|dev)$/i;

function groupRank(prefix: string): number {
  if (prefix === "system") return 3;
  if (prefix === "") return 0;
  return HELD_BACK.test(prefix) ? 1 : 2;
}

/** Keys without a prefix first, then validation and the like, the others by name, "system" last. */
export function groupByPrefix(keys: readonly string[]): KeyGroup[] {
  const groups = new Map<string, string[]>();
  for (const key of [...keys].sort(compareNames)) {
    const slash = key.indexOf("/");
    const prefix = slash > 0 ? key.slice(0, slash) : "";
    groups.set(prefix, [...(groups.get(prefix) ?? []), key]);
  }
  return [...groups]
    .map(([prefix, members]) => ({ prefix, keys: members }))
    .sort((a, b) => groupRank(a.prefix) - groupRank(b.prefix) || compareNames(a.prefix, b.prefix));
}
