/** Telling the viewers of an experiment, from a request or from an object. */
import type { Env } from "../env";
import type { ExperimentChange, ExperimentFeed } from "./experiment-feed";

export const feedOf = (env: Env, experimentId: string): DurableObjectStub<ExperimentFeed> =>
  env.EXPERIMENT_FEEDS.get(env.EXPERIMENT_FEEDS.idFromName(experimentId));

/** Tells of a change in the background; a feed that can't be reached never fails whoever tells it. */
export function tellFeed(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  experimentId: string,
  change: ExperimentChange,
): void {
  const told = feedOf(env, experimentId).notify(experimentId, change);
  ctx.waitUntil(told.catch((error) => console.error("telling an experiment's viewers failed", error)));
}
