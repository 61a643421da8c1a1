export * from "./experiments";
export * from "./metrics";
export * from "./models";
export * from "./runs";
export * from "./webhooks";
