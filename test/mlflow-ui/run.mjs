/**
 * `npm run test:ui:mlflow [-- --json FILE]`: MLflow's own page in a real browser, on a server of its own, with what the stock
 * Python client logged.
 *
 * CHROMIUM names a browser other than the usual ones; without one the pages are skipped. Pictures of every page are
 * left in test-results/mlflow-ui.
 */
import { runTests } from "../ui/runner.mjs";

runTests(import.meta.dirname);
