/** Worker entry: the HTTP handler, the scheduled one and the Durable Object classes. */
import { createApp } from "./app";
import { sweepUploads } from "./artifacts/sweep";
import type { Env } from "./env";
import { onSchedule } from "./retention/schedule";

export { RunLog } from "./metrics/run-log";
export { MonitorClock } from "./monitors/clock";
export { ExperimentFeed } from "./tracking/experiment-feed";
export { RunWriter } from "./tracking/run-writer";
export { WebhookSweep } from "./webhooks/sweep";
export { WebhookTarget } from "./webhooks/target";

export default {
  fetch: createApp().fetch,
  scheduled: async (event, env) => {
    await Promise.all([onSchedule(env, event.scheduledTime), sweepUploads(env, event.scheduledTime)]);
  },
} satisfies ExportedHandler<Env>;
