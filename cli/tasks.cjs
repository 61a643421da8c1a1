// `npm run build`, `npm run ui:mlflow`, `npm run dev` and `npm run deploy`: what they have in common with `npm start`
// is that they need nothing but Node and npm beforehand.
const { spawnSync } = require("node:child_process");
const path = require("node:path");
const { ensureInstalled, ROOT } = require("./install.cjs");
const { UsageError } = require("./options.cjs");

const WRANGLER = path.join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const BUILD = [path.join(ROOT, "cli", "build.ts")];

/** Wrangler asks nobody and tells nobody anything while developing, and keeps no trace of every request. */
const QUIET = {
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  DO_NOT_TRACK: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/**
 * Each task is steps of Node arguments; the last step gets the caller's own arguments.
 * @type {Record<string, { steps: string[][], env: Record<string, string> }>}
 */
const TASKS = {
  build: { steps: [BUILD], env: {} },
  "ui:mlflow": { steps: [[path.join(ROOT, "cli", "mlflow-page.ts")]], env: {} },
  dev: {
    steps: [BUILD, [WRANGLER, "d1", "migrations", "apply", "DB", "--local"], [WRANGLER, "dev"]],
    env: QUIET,
  },
  deploy: { steps: [BUILD, [WRANGLER, "d1", "migrations", "apply", "DB", "--remote"], [WRANGLER, "deploy"]], env: {} },
};

/**
 * @param {string} name
 * @param {string[]} args
 * @returns {number} exit code
 */
function run(name, args) {
  const task = TASKS[name];
  if (!task) throw new UsageError(`there is no task "${name}"; there are ${Object.keys(TASKS).join(", ")}.`);
  const node = ensureInstalled();
  for (const [index, step] of task.steps.entries()) {
    const own = index === task.steps.length - 1 ? args : [];
    const env = { ...process.env, ...task.env };
    const done = spawnSync(node, ["--disable-warning=ExperimentalWarning", ...step, ...own], {
      cwd: ROOT,
      env,
      stdio: "inherit",
    });
    if (done.status !== 0) return done.status ?? 1;
  }
  return 0;
}

// Ctrl-C goes to the step under way, whose exit code then is ours.
process.on("SIGINT", () => undefined);
try {
  const [name = "", ...args] = process.argv.slice(2);
  process.exitCode = run(name, args);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tidemark: ${error.message}\n`);
  process.exitCode = 1;
}
