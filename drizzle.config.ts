import { defineConfig } from "drizzle-kit";

// `npx drizzle-kit generate` writes the next migration; natural-key tables then get WITHOUT ROWID by hand (docs/storage.md).
export default defineConfig({ dialect: "sqlite", schema: "./src/db/schema/index.ts", out: "./drizzle" });
