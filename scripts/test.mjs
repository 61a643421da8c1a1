/**
 * `npm test [-- SUITE…]`: installs what is missing, runs every suite in turn and sums them up.
 *
 * Its very last line is `N passed, N failed, N skipped`. Exits 1 when anything failed, and in CI also when anything
 * was skipped: there nothing may be missing.
 */
import { mkdirSync } from "node:fs";
import install from "../cli/install.cjs";
import options from "../cli/options.cjs";
import { RESULTS, SUITES } from "./suites.mjs";

/** @typedef {import("./suites.mjs").Counts} Counts */

/** @returns {Promise<Counts>} */
async function runAll() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown) {
    throw new options.UsageError(
      `there is no suite "${unknown}"; there are ${SUITES.map(({ name }) => name).join(", ")}.`,
    );
  }
  install.ensureInstalled();
  mkdirSync(RESULTS, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  for (const { name, title, run } of SUITES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n=== ${title} (${name})`);
    const counts = await run();
    console.log(`--- ${name}: ${summary(counts)}`);
    for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) total[key] += counts[key];
    if (counts.failed > 0) failures.push(name);
  }
  if (failures.length > 0) console.log(`\nFailed: ${failures.join(", ")}`);
  return total;
}

/** @param {Counts} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** @type {Counts} */
let total = { passed: 0, failed: 1, skipped: 0 };
try {
  total = await runAll();
} catch (error) {
  console.error(error instanceof options.UsageError ? `tidemark: ${error.message}` : error);
}
const isComplete = total.failed === 0 && (total.skipped === 0 || !process.env.CI);
process.exitCode = isComplete ? 0 : 1;
console.log(`\n${summary(total)}`);
