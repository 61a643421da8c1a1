/** When garbage is collected: by the clock, and how old it is then. */
import type { Env } from "../env";
import { DEFAULT_KEPT, parseAge } from "./age";
import { Budget } from "./budget";
import { collect, type Pass } from "./collect";

/**
 * Calls of one pass: well under the 1,000 that a request on the paid plan may make (a step may overdraw it by some
 * dozens). On the free plan, which allows 50, a pass ends with an error half-way, and the next one goes on from there.
 */
const MAX_CALLS = 500;

/** The setting as text; see age.ts. */
export const keptFor = (env: Env): string => env.TIDEMARK_GC_AFTER || DEFAULT_KEPT;

/** One pass over what was deleted `age` ms ago or earlier. */
export async function pass(env: Env, age: number, now: number): Promise<Pass> {
  // Below any time there is, where the age is Infinity: then only what was begun is finished.
  const cutoff = Number.isFinite(age) ? now - age : Number.MIN_SAFE_INTEGER;
  return await collect(env, cutoff, new Budget(MAX_CALLS));
}

/** The Worker's scheduled event. Errors go to the log: the next one comes by itself. */
export async function onSchedule(env: Env, now: number): Promise<void> {
  try {
    const { removed, done } = await pass(env, parseAge(keptFor(env), "TIDEMARK_GC_AFTER"), now);
    if (Object.values(removed).some((n) => n > 0)) console.log("removed for good", removed, done ? "" : "(more to do)");
  } catch (error) {
    console.error("removing what was deleted failed, the next scheduled event tries again", error);
  }
}
