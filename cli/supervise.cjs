const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { ensureInstalled, isInstalled, NODE, ROOT } = require("./install.cjs");
const { HELP, parseOptions, UsageError } = require("./options.cjs");

const PARENT_CHECK_MS = 1000;

/**
 * Reads the options, installs what is missing and serves; on a Node other than the one that came with the
 * dependencies, in a process of that one.
 * @param {string[]} args
 */
async function main(args) {
  try {
    const options = parseOptions(args, process.env, process.env.INIT_CWD ?? process.cwd());
    if (options.help) {
      process.stdout.write(HELP);
    } else if (isInstalled() && fs.realpathSync(process.execPath) === fs.realpathSync(NODE)) {
      await require("./serve.cjs").serve(options, listenForTheEnd);
    } else {
      handOver(ensureInstalled(), options);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tidemark: ${error.message}\n`);
    process.exit(1);
  }
}

/** @param {() => void} stop */
function listenForTheEnd(stop) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  // From the process that handed over to us, and its end.
  process.on("message", stop);
  process.on("disconnect", stop);
  if (process.env.npm_lifecycle_event) followParent(stop);
  // The terminal may be gone while the server still finishes; that is no reason to stop half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/**
 * The server gets a session of its own: Ctrl-C reaches it once, through us.
 * @param {string} node
 * @param {{ host: string, port: number, data: string }} options
 */
function handOver(node, { host, port, data }) {
  const args = ["--host", host, "--port", String(port), "--data", data];
  const server = spawn(node, [path.join(ROOT, "cli", "start.cjs"), ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  server.on("error", (error) => {
    process.stderr.write(`tidemark: could not run ${node}: ${error.message}.\n`);
    process.exit(1);
  });
  server.on("exit", (code) => process.exit(code ?? 1));
  listenForTheEnd(() => {
    if (server.connected) server.send({ stop: true });
  });
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

module.exports = { main };
