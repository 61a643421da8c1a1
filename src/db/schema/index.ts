export * from "./experiments";
export * from "./metrics";
export * from "./models";
export * from "./registry";
export * from "./removals";
export * from "./runs";
export * from "./webhooks";
