const { spawn } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const path = require("node:path");
const { chooseAddress, isLoopback } = require("./address.cjs");
const { takeFolder } = require("./folder.cjs");
const { administer } = require("./administer.cjs");
const { collectRegularly } = require("./gc.cjs");
const { ROOT } = require("./install.cjs");
const { Runtime } = require("./runtime.cjs");

// This process stays for as long as the server runs, so it is kept small: no TypeScript, whose loader alone takes
// 20 MB, and nothing that only a start needs, which `prepare.ts` does in a process of its own.

/** How long a server that stops tries to send its viewers away, in ms. */
const CLOSE_MS = 1000;
/** How long requests under way may take to finish when the server stops. */
const DRAIN_MS = 10_000;
/**
 * The same where somebody watched: a WebSocket that was closed is under way until its client lets go of the connection,
 * which browsers do within two seconds and some clients never.
 */
const VIEWERS_DRAIN_MS = 3000;
/** Garbage is collected early: a fast start matters less than the memory it takes at most. */
const PREPARE_FLAGS = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=1", "--max-old-space-size=128"];

/**
 * Serves until `onStop` calls.
 * @param {{ host: string, port: number, data: string }} options
 * @param {(stop: () => void) => void} onStop is given the way to end the server
 * @throws {UsageError}
 */
async function serve({ host, port, data }, onStop) {
  /** @type {() => void} */
  let stop = () => process.exit(0);
  onStop(() => stop());
  const lock = takeFolder(data);
  const listening = await chooseAddress(host, port);
  // A server that only this machine reaches is its user's, unless they chose an administrator (docs/policies.md).
  const isOwn = !process.env.TIDEMARK_ADMIN_TOKEN && listening.addresses.every(isLoopback);
  process.env.TIDEMARK_POLICIES ||= isOwn ? "open" : "administrator";
  // No page of the web gets here under a name of its own (docs/hosts.md).
  process.env.TIDEMARK_ALLOWED_HOSTS ||= `private,${new URL(listening.url).hostname}`;
  // Where nobody chose a secret, only this process knows it. The Worker is told through `prepare`, which inherits them.
  const token = process.env.TIDEMARK_ADMIN_TOKEN || randomBytes(32).toString("hex");
  process.env.TIDEMARK_ADMIN_TOKEN = token;
  const launch = await prepare(data, listening);
  if (!launch) return void process.exit(1);
  const runtime = new Runtime(launch, listening, fail);
  let stopping = false;
  stop = () => {
    if (stopping) return;
    stopping = true;
    process.stdout.write("Stopping …\n");
    // Whoever watches live would be waited for like a request under way.
    const told = administer(listening, token, "/api/2.0/tidemark/live/close", CLOSE_MS).catch(() => ({ closed: 0 }));
    const stopped = told.then(({ closed }) => runtime.stop(closed ? VIEWERS_DRAIN_MS : DRAIN_MS));
    stopped.then(() => {
      lock.release();
      process.exit(0);
    });
  };
  try {
    await runtime.start();
  } catch (error) {
    if (!stopping) fail(`${error instanceof Error ? error.message : error}.`);
    return;
  }
  collectRegularly(listening, token);
  process.stdout.write(`
Tidemark is listening on ${listening.url}, its data is in ${data}.
Point MLflow at it:

  export MLFLOW_TRACKING_URI=${listening.url}

Ctrl-C stops it.
`);
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`tidemark: ${message}\n`);
  process.exit(1);
}

/**
 * Builds and migrates what is not yet.
 * @param {string} data
 * @param {import("./address.cjs").Listening} listening
 * @returns {Promise<import("./runtime.cjs").Launch | undefined>} undefined when it failed and said why
 */
function prepare(data, listening) {
  const script = path.join(ROOT, "cli", "prepare.ts");
  const args = [...PREPARE_FLAGS, script, JSON.stringify({ data, listening })];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  return new Promise((done, failed) => {
    /** @type {import("./runtime.cjs").Launch | undefined} */
    let launch;
    child.once("message", (message) => {
      launch = /** @type {import("./runtime.cjs").Launch} */ (message);
    });
    child.once("error", failed);
    child.once("close", () => done(launch));
  });
}

module.exports = { serve };
