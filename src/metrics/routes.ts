import type { App } from "../wire/rpc";

export function metricRoutes(_app: App): void {}
