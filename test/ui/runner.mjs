/** Runs the tests of a folder with Node's own runner and tells the sums, as the suites' runner wants them. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

/**
 * Every `*.test.mjs` of the folder, one after the other; sets the exit code. `--json FILE` on the command line keeps the sums.
 * @param {string} folder
 */
export function runTests(folder) {
  const { values } = parseArgs({ options: { json: { type: "string" } } });
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => join(folder, name));

  const counts = { passed: 0, failed: 0, skipped: 0 };
  const events = run({ files, concurrency: false });
  /** @param {{ details: { type?: string }, skip?: string | boolean, file?: string, name: string }} event */
  const isTest = (event) => event.details.type !== "suite" && !files.includes(event.name);
  events.on("test:pass", (event) => {
    if (isTest(event)) counts[event.skip === undefined ? "passed" : "skipped"] += 1;
  });
  events.on("test:fail", (event) => {
    if (isTest(event)) counts.failed += 1;
    process.exitCode = 1;
  });
  events.compose(spec).pipe(process.stdout);
  events.once("end", () => {
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    if (!values.json) return;
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify(counts)}\n`);
  });
}
