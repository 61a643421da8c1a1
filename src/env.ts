import type { RunLog } from "./metrics/run-log";
import type { ExperimentFeed } from "./tracking/experiment-feed";
import type { WebhookSweep } from "./webhooks/sweep";
import type { WebhookTarget } from "./webhooks/target";

/** The Worker's bindings, as wrangler.toml names them. */
export interface Env {
  DB: D1Database;
  ARTIFACTS: R2Bucket;
  RUN_LOGS: DurableObjectNamespace<RunLog>;
  EXPERIMENT_FEEDS: DurableObjectNamespace<ExperimentFeed>;
  WEBHOOK_TARGETS: DurableObjectNamespace<WebhookTarget>;
  WEBHOOK_SWEEPS: DurableObjectNamespace<WebhookSweep>;
  /** The web page. Absent where no page was built. */
  ASSETS?: Fetcher;
}
