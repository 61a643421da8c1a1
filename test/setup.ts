import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Runs before each test file: its D1 starts empty, or with the tables already there when the file runs again.
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
