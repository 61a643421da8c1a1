import type { RunLog } from "./metrics/run-log";
import type { MonitorClock } from "./monitors/clock";
import type { ExperimentFeed } from "./tracking/experiment-feed";
import type { RunWriter } from "./tracking/run-writer";
import type { WebhookSweep } from "./webhooks/sweep";
import type { WebhookTarget } from "./webhooks/target";

/** The Worker's bindings, as wrangler.toml names them. */
export interface Env {
  DB: D1Database;
  ARTIFACTS: R2Bucket;
  RUN_LOGS: DurableObjectNamespace<RunLog>;
  RUN_WRITERS: DurableObjectNamespace<RunWriter>;
  EXPERIMENT_FEEDS: DurableObjectNamespace<ExperimentFeed>;
  WEBHOOK_TARGETS: DurableObjectNamespace<WebhookTarget>;
  WEBHOOK_SWEEPS: DurableObjectNamespace<WebhookSweep>;
  MONITOR_CLOCK: DurableObjectNamespace<MonitorClock>;
  /** The network less its private addresses; absent on Cloudflare, where a Worker can't reach those anyway. */
  PUBLIC_NETWORK?: Fetcher;
  /** What deliveries of webhooks may be told (docs/webhooks.md). */
  TIDEMARK_WEBHOOKS_ALLOW_PRIVATE?: string;
  TIDEMARK_WEBHOOKS_SECRET_KEY?: string;
  TIDEMARK_WEBHOOKS_MAX_RETRIES?: string;
  /** How long what was deleted is kept, and the secret of whoever may remove it earlier (docs/retention.md). */
  TIDEMARK_GC_AFTER?: string;
  TIDEMARK_ADMIN_TOKEN?: string;
  /** Whether everybody sets policies: `open`. Else they are the administrator's (docs/policies.md). */
  TIDEMARK_POLICIES?: string;
  /** Where artifacts go past the Worker, the largest body it takes, and its own address (docs/artifacts.md). */
  TIDEMARK_R2_BUCKET_URL?: string;
  TIDEMARK_R2_ACCESS_KEY_ID?: string;
  TIDEMARK_R2_SECRET_ACCESS_KEY?: string;
  TIDEMARK_MAX_BODY?: string;
  TIDEMARK_PUBLIC_URL?: string;
  /** The names it may be asked under: none set, any (docs/hosts.md). */
  TIDEMARK_ALLOWED_HOSTS?: string;
  /** The web page. Absent where no page was built. */
  ASSETS?: Fetcher;
}
