import type { D1Migration } from "cloudflare:test";
import type { Env as Bindings } from "../src/env";

declare global {
  namespace Cloudflare {
    // What `env` from "cloudflare:workers" holds in a test.
    interface Env extends Bindings {
      TEST_MIGRATIONS: D1Migration[];
    }
  }
}
