const { spawn } = require("node:child_process");
const path = require("node:path");
const { ensureInstalled, ROOT } = require("./install.cjs");
const { HELP, parseOptions, UsageError } = require("./options.cjs");

/** Each live run keeps three files open in the runtime. */
const WANTED_OPEN_FILES = 65536;
const ENOUGH_OPEN_FILES = 4096;
const FEW_FILES =
  "tidemark: few files may be open here at once ($(ulimit -n)), enough for about $(($(ulimit -n) / 3)) live runs.";
const PARENT_CHECK_MS = 1000;

/**
 * Reads the options, installs what is missing, then runs the server on the Node that came with the dependencies and
 * stays as its guardian: it passes signals on, and no part of the server outlives another.
 * @param {string[]} args
 */
function main(args) {
  try {
    const options = parseOptions(args, process.env, process.env.INIT_CWD ?? process.cwd());
    if (options.help) process.stdout.write(HELP);
    else supervise(ensureInstalled(), options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    fail(error.message);
  }
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`tidemark: ${message}\n`);
  process.exitCode = 1;
}

/**
 * @param {string} node
 * @param {{ host: string, port: number, data: string }} options
 */
function supervise(node, options) {
  const server = spawnServer(node, [path.join(ROOT, "cli", "server.ts"), JSON.stringify(options)]);
  /** @type {number | undefined} */
  let runtimePid;
  server.on("message", (message) => {
    runtimePid = /** @type {{ runtimePid?: number }} */ (message).runtimePid;
  });
  server.on("error", (error) => fail(`could not run ${node}: ${error.message}.`));
  server.on("exit", (code, signal) => {
    // The server stops its runtime itself; killed, it cannot.
    if (signal && runtimePid !== undefined) killQuietly(runtimePid);
    process.exit(code ?? 1);
  });
  const stop = () => {
    if (server.connected) server.send({ stop: true });
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  if (process.env.npm_lifecycle_event) followParent(stop);
}

/**
 * The server gets a session of its own, so that Ctrl-C reaches it through us alone and its runtime can finish the
 * requests under way. If we die, its IPC channel closes and it stops.
 * @param {string} node
 * @param {string[]} args
 */
function spawnServer(node, args) {
  const quiet = ["--disable-warning=ExperimentalWarning", ...args];
  /** @type {import("node:child_process").SpawnOptions} */
  const options = { cwd: ROOT, stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true };
  if (process.platform === "win32") return spawn(node, quiet, { ...options, detached: false });
  const raise = `ulimit -n ${WANTED_OPEN_FILES} 2>/dev/null || ulimit -n "$(ulimit -Hn)" 2>/dev/null`;
  const note = `[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge ${ENOUGH_OPEN_FILES} ] || echo "${FEW_FILES}" >&2`;
  return spawn("sh", ["-c", `${raise}; ${note}; exec "$0" "$@"`, node, ...quiet], options);
}

/**
 * npm killed outright passes no signal on; noticing its end keeps the port and the folder from staying taken.
 * @param {() => void} onGone
 */
function followParent(onGone) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** @param {number} pid */
function killQuietly(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

module.exports = { main };
