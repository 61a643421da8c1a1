import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Tests run inside workerd with the bindings of wrangler.toml; storage is isolated by file, not by test.
export default defineConfig(async () => {
  const migrations = await readD1Migrations(new URL("./drizzle", import.meta.url).pathname);
  return {
    plugins: [
      cloudflareTest({
        main: "./src/index.ts",
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: { bindings: { TEST_MIGRATIONS: migrations, TIDEMARK_POLICIES: "open" } },
      }),
    ],
    test: {
      include: ["test/**/*.test.ts"],
      exclude: ["test/cli/**"],
      setupFiles: ["./test/setup.ts"],
    },
  };
});
