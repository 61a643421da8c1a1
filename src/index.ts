/** Worker entry: the HTTP handler and the Durable Object class. */
import { createApp } from "./app";

export { RunLog } from "./metrics/run-log";

export default createApp();
