/** Worker entry: the HTTP handler and the Durable Object classes. */
import { createApp } from "./app";

export { Writer } from "./db/writer";
export { RunLog } from "./metrics/run-log";
export { ExperimentFeed } from "./tracking/experiment-feed";
export { WebhookSweep } from "./webhooks/sweep";
export { WebhookTarget } from "./webhooks/target";

export default createApp();
