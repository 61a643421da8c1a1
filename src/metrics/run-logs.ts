/** The Worker's side of RunLog: stubs, retries, and what a refusal means to a caller. */
import type { Env } from "../env";

/** Tells the logs of runs that ended, were deleted or restored; runs that are not hot have nothing to tell. */
export async function runChanged(_env: Env, _runs: readonly { runId: string; hot: number }[]): Promise<void> {}
