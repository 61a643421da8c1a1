import { defineConfig } from "vitest/config";

// These run in Node: they start the real server as a user does. One at a time, since each runs a whole server.
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
