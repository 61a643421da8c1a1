/**
 * Group commit for runs: D1 takes one transaction at a time and waits for the disk in each, so runs that are created and
 * changed at the same moment share one. docs/decisions/0005-group-commit-for-runs.md has the measurements.
 */
import { DurableObject, waitUntil } from "cloudflare:workers";
import type { Env } from "../env";
import { pokeOutbox } from "../webhooks/events";
import { type RunWrite, type WrittenRun, writeRuns } from "./run-batch";

/** Runs of one transaction at most. */
const MAX_GROUP = 64;

interface Waiting {
  write: RunWrite;
  resolve: (run: WrittenRun | undefined) => void;
  reject: (error: unknown) => void;
}

/** Writes of this isolate on their way. */
let underWay = 0;

/**
 * Creates or changes a run and returns it; undefined where there is no such active run or experiment. Alone, it goes
 * straight to D1; where others are on their way, all go through the RunWriter. Errors: D1's.
 */
export async function writeRun(env: Env, write: RunWrite): Promise<WrittenRun | undefined> {
  underWay++;
  try {
    if (underWay === 1) return (await writeAndTell(env, [write])).get(runIdOf(write));
    return await env.RUN_WRITERS.get(env.RUN_WRITERS.idFromName("writer")).write(write);
  } finally {
    underWay--;
  }
}

/** As writeRuns; webhooks hear of it afterwards. */
async function writeAndTell(env: Env, writes: readonly RunWrite[]): Promise<Map<string, WrittenRun>> {
  const { runs, waiting } = await writeRuns(env.DB, writes);
  pokeOutbox(env, { waitUntil }, waiting);
  return runs;
}

export class RunWriter extends DurableObject<Env> {
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** As `writeRun`. */
  write(write: RunWrite): Promise<WrittenRun | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (!this.#isBusy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, groupSize(this.#waiting)));
    this.#isBusy = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const runs = await writeAndTell(
        this.env,
        group.map(({ write }) => write),
      );
      for (const { write, resolve } of group) resolve(runs.get(runIdOf(write)));
    } catch (error) {
      const [only] = group;
      if (group.length === 1) only?.reject(error);
      // Refused by D1, or too large to be sent: nothing is stored, and only the one at fault should hear of it.
      else if (isRefusal(error)) for (const one of group) await this.#commit([one]);
      // Anything else may have been committed or not: doing it again could do it twice.
      else for (const { reject } of group) reject(error);
    }
  }
}

const runIdOf = (write: RunWrite): string => ("create" in write ? write.create : write.change).runId;

const isRefusal = (error: unknown): boolean => /SQLITE_|too long/.test(String(error));

/** How many of those waiting go together: those of different runs. */
function groupSize(waiting: readonly Waiting[]): number {
  const ids = new Set<string>();
  const end = waiting.findIndex(({ write }) => ids.size === MAX_GROUP || ids.size === ids.add(runIdOf(write)).size);
  return end < 0 ? waiting.length : end;
}
