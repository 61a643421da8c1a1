/**
 * Garbage collection: removes for good what was deleted long enough ago. Works in small steps that may each be the
 * last; the next pass goes on where this one ended (docs/retention.md).
 */
import type { Env } from "../env";
import { eachBounded, withLog } from "../metrics/run-logs";
import { deleteArtifacts } from "./artifacts";
import type { Budget } from "./budget";
import { claim, claimContents } from "./claim-store";
import { deleteRows, forget, isShared, pendingRemovals, type Removal } from "./removal-store";

/** What a pass took away: rows it claimed and files it deleted. */
export interface Removed {
  experiments: number;
  runs: number;
  logged_models: number;
  files: number;
}

export interface Pass {
  removed: Removed;
  /** False where the budget ended first. */
  done: boolean;
}

/** Removes what was deleted up to `cutoff` (ms since 1970), as far as the budget goes. */
export async function collect(env: Env, cutoff: number, budget: Budget): Promise<Pass> {
  const removed: Removed = { experiments: 0, runs: 0, logged_models: 0, files: 0 };
  while (!budget.isSpent) {
    const pending = await pendingRemovals(env.DB);
    budget.spend();
    if (pending.length > 0) {
      await clean(env, pending, removed, budget);
      continue;
    }
    const claimed = await claim(env.DB, cutoff);
    budget.spend();
    if (claimed.runs + claimed.models + claimed.experiments === 0) return { removed, done: true };
    count(removed, claimed);
  }
  return { removed, done: false };
}

function count(removed: Removed, claimed: { runs: number; models: number; experiments: number }): void {
  removed.runs += claimed.runs;
  removed.logged_models += claimed.models;
  removed.experiments += claimed.experiments;
}

/** Cleans removals of one kind, and forgets those of which nothing is left. */
async function clean(env: Env, pending: readonly Removal[], removed: Removed, budget: Budget): Promise<void> {
  const [first] = pending;
  if (!first) return;
  if (first.kind === "experiment") {
    for (const removal of pending) {
      const claimed = await claimContents(env.DB, removal.id);
      budget.spend();
      count(removed, claimed);
      // Its runs and models come first, as removals of their own.
      if (claimed.runs + claimed.models > 0) return;
    }
  }
  const ids = pending.map(({ id }) => id);
  while (!(await deleteRows(env.DB, first.kind, ids))) {
    budget.spend();
    if (budget.isSpent) return;
  }
  budget.spend();
  const gone: string[] = [];
  await eachBounded(pending, async (removal) => {
    if (removal.hot) await emptyLog(env, removal.id, budget);
    const files = await filesOf(env, removal, budget);
    if (files === undefined) return;
    removed.files += files;
    gone.push(removal.id);
  });
  if (gone.length === 0) return;
  await forget(env.DB, first.kind, gone);
  budget.spend();
}

/** A log whose run is gone from D1 drops all it holds when it is to publish. */
async function emptyLog(env: Env, runId: string, budget: Budget): Promise<void> {
  await withLog(env, runId, (log) => log.flush(runId));
  budget.spend();
}

/** Deletes the files of a removal; undefined where the budget ended first. */
async function filesOf(env: Env, { kind, id, artifactUri }: Removal, budget: Budget): Promise<number | undefined> {
  if (kind === "experiment" && !(await ownsFolder(env, id, artifactUri, budget))) return 0;
  return await deleteArtifacts(env.ARTIFACTS, artifactUri, budget);
}

/**
 * Whether all below an experiment's location is its own: it is where the server itself put it, and no other experiment
 * was sent there. Otherwise only the folders of its runs and models go, which went before.
 */
async function ownsFolder(env: Env, id: string, uri: string, budget: Budget): Promise<boolean> {
  if (uri !== `mlflow-artifacts:/${id}`) return false;
  budget.spend();
  return !(await isShared(env.DB, uri, id));
}
