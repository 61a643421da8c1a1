import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import install from "../cli/install.cjs";

const { NODE, ROOT } = install;
const BIN = join(ROOT, "node_modules", ".bin");

/** Where the suites leave their reports. */
export const RESULTS = join(ROOT, "test-results");

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   success: boolean }} VitestReport vitest's JSON report, as far as it is read here */
/** @typedef {{ name: string, title: string, run: () => Promise<Counts> }} Suite */

/** Every suite, in order: the quick ones first. @type {Suite[]} */
export const SUITES = [
  {
    name: "contract",
    title: "What is generated from the contract is up to date",
    run: () =>
      checks([
        ["scripts/generate-contract.mjs", "--check"],
        ["scripts/generate-api-support.mjs", "--check"],
      ]),
  },
  {
    name: "types",
    title: "Types",
    run: () => checks(projects().map((project) => [bin("typescript", "tsc"), "-p", project])),
  },
  {
    name: "lint",
    title: "Lint and format",
    run: () =>
      checks([[bin("@biomejs/biome", "biome"), "ci", `--colors=${process.stdout.isTTY ? "force" : "off"}`, "."]]),
  },
  { name: "build", title: "Build of server and page", run: () => checks([["cli/build.ts"]]) },
  { name: "unit", title: "Server, inside workerd", run: () => vitest("unit", "vitest.config.ts") },
  { name: "cli", title: "Commands: npm start", run: () => vitest("cli", "test/cli/vitest.config.ts") },
  ...optional("conformance", "Real MLflow clients", "conformance/run.mjs"),
  ...optional("ui", "The page, in a browser", "test/ui/run.mjs"),
  ...optional("mlflow-ui", "MLflow's own page, in a browser", "test/mlflow-ui/run.mjs"),
];

/**
 * A suite with a runner of its own, which exists once its file does.
 * @param {string} name
 * @param {string} title
 * @param {string} script
 * @returns {Suite[]}
 */
function optional(name, title, script) {
  return existsSync(join(ROOT, script)) ? [{ name, title, run: () => counted(name, script) }] : [];
}

/** The TypeScript projects of the repository. */
function projects() {
  return [".", "test", "cli", "ui"].filter((folder) => existsSync(join(ROOT, folder, "tsconfig.json")));
}

/**
 * The script behind a package's command.
 * @param {string} name
 * @param {string} command
 */
function bin(name, command) {
  const folder = join(ROOT, "node_modules", name);
  const { bin: commands } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof commands === "string" ? commands : commands[command]);
}

/**
 * Runs commands that answer with their exit code; each counts as one test.
 * @param {string[][]} commands arguments for Node
 * @returns {Promise<Counts>}
 */
async function checks(commands) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const command of commands) counts[(await node(command)) === 0 ? "passed" : "failed"] += 1;
  return counts;
}

/**
 * @param {string} name
 * @param {string} config
 * @returns {Promise<Counts>}
 */
function vitest(name, config) {
  return reported(
    name,
    (file) => [
      bin("vitest", "vitest"),
      "run",
      "--config",
      config,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    (/** @type {VitestReport} */ report) => ({
      passed: report.numPassedTests,
      // A file that can't be loaded has no tests to fail.
      failed: Math.max(report.numFailedTests, report.success ? 0 : 1),
      skipped: report.numPendingTests + report.numTodoTests,
    }),
  );
}

/**
 * A runner of our own that writes its sums with --json FILE.
 * @param {string} name
 * @param {string} script
 */
function counted(name, script) {
  return reported(
    name,
    (file) => [script, "--json", file],
    (/** @type {Counts} */ report) => report,
  );
}

/**
 * Runs a suite that leaves a JSON report. No report, or a bad exit without a failed test, is a failure too.
 * @param {string} name
 * @param {(file: string) => string[]} command
 * @template Report
 * @param {(report: Report) => Counts} read
 * @returns {Promise<Counts>}
 */
async function reported(name, command, read) {
  const file = join(RESULTS, `${name}.json`);
  rmSync(file, { force: true });
  const code = await node(command(file));
  const counts = existsSync(file) ? read(JSON.parse(readFileSync(file, "utf8"))) : { passed: 0, failed: 1, skipped: 0 };
  return { ...counts, failed: Math.max(counts.failed, code === 0 ? 0 : 1) };
}

/**
 * Runs Node, the one that came with the dependencies, in the repository.
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
function node(args) {
  const env = {
    ...process.env,
    PATH: [BIN, process.env.PATH].join(delimiter),
    DO_NOT_TRACK: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
  return new Promise((done) => {
    const child = spawn(NODE, ["--disable-warning=ExperimentalWarning", ...args], {
      cwd: ROOT,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.once("error", (error) => {
      console.error(error.message);
      done(1);
    });
    child.once("exit", (code) => done(code ?? 1));
  });
}
