/** The Worker's side of RunLog: stubs, retries, and what a refusal means to a caller. */
import type { runs } from "../db/schema";
import type { Env } from "../env";
import { invalid, MlflowError, notFound } from "../wire/errors";
import type { LiveRun } from "./live-messages";
import type { RunLogStub } from "./log-calls";

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 50;

/** Object calls this Worker keeps going at once: the platform opens no more than six connections a request. */
const AT_ONCE = 6;

/** Ids of the logs asked for last: finding one by its run's name takes a hash, which a busy run would pay each time. */
const ids = new Map<string, DurableObjectId>();
const MAX_IDS = 1_000;

function logId(env: Env, runId: string): DurableObjectId {
  const known = ids.get(runId);
  if (known) return known;
  if (ids.size >= MAX_IDS) ids.clear();
  const id = env.RUN_LOGS.idFromName(runId);
  ids.set(runId, id);
  return id;
}

/**
 * Calls the log of a run, again with a fresh stub when the platform says a retry may help (the object moved, restarted
 * or was cut off). Every call of a RunLog is safe to repeat.
 */
export async function withLog<T>(env: Env, runId: string, call: (log: RunLogStub) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(env.RUN_LOGS.get(logId(env, runId)) as unknown as RunLogStub);
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      if (!retryable || overloaded || attempt === ATTEMPTS) throw error;
      await scheduler.wait(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/** Runs `work` for each item, a bounded number at once. */
export async function eachBounded<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/** Appends a packed batch. Errors: 404 unknown run, 400 deleted run, 429 for a log that is full because D1 is away. */
export async function appendPack(env: Env, runId: string, pack: Uint8Array): Promise<void> {
  const result = await withLog(env, runId, (log) => log.append(runId, pack));
  if (result.ok) return;
  if (result.reason === "not_found") throw runNotFound(runId);
  if (result.reason === "inactive") throw runNotActive(runId, result.lifecycleStage);
  throw new MlflowError(
    "RESOURCE_EXHAUSTED",
    `The log of run ${runId} is full: its metrics can't be published to the database at the moment. Please try again.`,
    { headers: { "Retry-After": "5" } },
  );
}

export const runNotFound = (runId: string) => notFound(`Run with id=${runId} not found`);

export const runNotActive = (runId: string, stage: string) =>
  invalid(`The run ${runId} must be in the 'active' state. Current state is ${stage}.`);

/** What of a run its log and its viewers need to know when it changes. */
export type ChangedRun = Pick<
  typeof runs.$inferSelect,
  "runId" | "experimentId" | "hot" | "watched" | "name" | "status" | "lifecycleStage"
>;

const liveRun = (run: ChangedRun): LiveRun => ({
  run_id: run.runId,
  run_name: run.name,
  status: run.status,
  lifecycle_stage: run.lifecycleStage,
});

/** Tells the logs of runs that ended, were deleted or restored; those of runs that are not hot have nothing to publish. */
export async function runChanged(env: Env, changed: readonly ChangedRun[]): Promise<void> {
  const hot = changed.filter((run) => run.hot !== 0);
  await eachBounded(hot, (run) => withLog(env, run.runId, (log) => log.flush(run.runId, liveRun(run))));
}

/** Tells a run's viewers how it is now. Only for a run marked as watched: it would wake, or even make, its log for nothing. */
export async function announceRun(env: Env, run: ChangedRun): Promise<void> {
  await withLog(env, run.runId, (log) => log.announce(liveRun(run)));
}
