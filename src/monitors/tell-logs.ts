/** Telling the logs of live runs that their monitors changed. */
import { database } from "../db/client";
import type { Env } from "../env";
import { eachBounded, withLog } from "../metrics/run-logs";
import { followAlias, hotRuns } from "./store";
import { tellViewers } from "./tell-viewers";

/** Logs told of one change at most: a request may make 1,000 calls. Others read their monitors within five minutes. */
const MAX_TOLD = 800;

/** Tells the logs of runs in some scopes, after the answer. Never fails: a log reads its monitors now and then by itself. */
export function tellLogs(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, scopes: readonly string[]): void {
  const work = async () => {
    const hot = await hotRuns(database(env.DB), scopes, MAX_TOLD);
    await eachBounded(hot, async (runId) => {
      await withLog(env, runId, (log) => log.monitorsChanged(runId)).catch((error) =>
        console.error(`telling run ${runId} of its monitors failed`, error),
      );
    });
  };
  ctx.waitUntil(work().catch((error) => console.error("telling logs of their monitors failed", error)));
}

/** An alias of a model, or any, changed: monitors of the run behind it follow, after the answer. Never fails. */
export function aliasChanged(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  changed: { model: string; alias?: string },
): void {
  const work = async () => {
    const { scopes, ended } = await followAlias(database(env.DB), changed, Date.now());
    tellViewers(env, ctx, ended);
    if (scopes.length > 0) tellLogs(env, ctx, scopes);
  };
  ctx.waitUntil(
    work().catch((error) => console.error(`telling logs of the aliases of ${changed.model} failed`, error)),
  );
}

/** Tells the log of one run. */
export function tellLog(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, runId: string): void {
  tellLogs(env, ctx, [`r:${runId}`]);
}
