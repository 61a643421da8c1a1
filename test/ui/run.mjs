/**
 * `npm run test:ui [-- --json FILE]`: the page in a real browser, against a server of its own.
 *
 * TIDEMARK_URL names a running server to use instead; CHROMIUM a browser other than the usual ones. Without a browser
 * those tests are skipped. Pictures of every page are left in test-results/ui.
 */
import { runTests } from "./runner.mjs";

runTests(import.meta.dirname);
