/**
 * `npm run test:ui [-- --json FILE]`: the page in a real browser, against a server of its own.
 *
 * TIDEMARK_URL names a running server to use instead; CHROMIUM a browser other than the usual ones. Without a browser
 * those tests are skipped. Pictures of every page are left in test-results/ui.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { json: { type: "string" } } });
const here = import.meta.dirname;
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.mjs"))
  .map((name) => join(here, name));

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
