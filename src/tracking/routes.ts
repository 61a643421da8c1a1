/** Tracking: experiments, runs, what goes into runs and comes out of them. */
import type { App } from "../wire/rpc";
import { experimentRoutes } from "./experiment-routes";
import { feedRoutes } from "./feed-routes";
import { inputRoutes } from "./input-routes";
import { promptlabRoutes } from "./promptlab-routes";
import { runRoutes } from "./run-routes";
import { viewersRoutes } from "./viewers-routes";

export function trackingRoutes(app: App): void {
  experimentRoutes(app);
  runRoutes(app);
  promptlabRoutes(app);
  feedRoutes(app);
  inputRoutes(app);
  viewersRoutes(app);
}
