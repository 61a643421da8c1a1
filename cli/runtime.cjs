const { spawn } = require("node:child_process");
const { mkdirSync } = require("node:fs");
const readline = require("node:readline");

/**
 * How to run Cloudflare's runtime; it expects the folders to be there.
 * @typedef {{ command: string, args: string[], folders: string[] }} Launch
 * @typedef {import("node:child_process").ChildProcess} ChildProcess
 */

/** Each live run keeps three files open in the runtime. */
const WANTED_OPEN_FILES = 65536;
const ENOUGH_OPEN_FILES = 4096;
const FEW_FILES =
  "tidemark: few files may be open here at once ($(ulimit -n)), enough for about $(($(ulimit -n) / 3)) live runs.";
const RAISE = `ulimit -n ${WANTED_OPEN_FILES} 2>/dev/null || ulimit -n "$(ulimit -Hn)" 2>/dev/null`;
const NOTE = `[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge ${ENOUGH_OPEN_FILES} ] || echo "${FEW_FILES}" >&2`;
/** Of the runtime to its own developers. */
const NOISE = /LLVM_SYMBOLIZER|took recursive isolate lock|stack:( [a-f\d]+){3}|CODE_MOVED for unknown code block/;

/** The Worker running on Cloudflare's runtime, started again whenever that ends by itself. */
class Runtime {
  #launch;
  #listening;
  #onFailure;
  #stopping = false;
  /** @type {ChildProcess | undefined} */
  #child;

  /**
   * @param {Launch} launch
   * @param {import("./address.cjs").Listening} listening
   * @param {(message: string) => void} onFailure told when it does not start again
   */
  constructor(launch, listening, onFailure) {
    this.#launch = launch;
    this.#listening = listening;
    this.#onFailure = onFailure;
  }

  /** Resolves when all addresses are open; rejects when the runtime ends before. */
  async start() {
    for (const folder of this.#launch.folders) mkdirSync(folder, { recursive: true });
    const child = spawnRuntime(this.#launch);
    this.#child = child;
    guard(child);
    forward(child);
    const ended = new Promise((_, failed) => {
      child.once("error", failed);
      child.once("exit", () => failed(new Error("the runtime ended before it listened")));
    });
    await Promise.race([waitUntilListening(child, this.#listening), ended]);
    child.once("exit", () => void this.#restart());
  }

  async #restart() {
    if (this.#stopping) return;
    process.stderr.write("tidemark: the runtime ended unexpectedly; starting it again.\n");
    await this.start().catch(() => {
      if (!this.#stopping) this.#onFailure("the runtime did not start again.");
    });
  }

  /**
   * On SIGTERM the runtime takes no more connections, answers what it has accepted and ends.
   * @param {number} patience how long that may take, in ms
   * @returns {Promise<void>}
   */
  stop(patience) {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((done) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), patience);
      child.once("exit", () => {
        clearTimeout(timer);
        done();
      });
      child.kill("SIGTERM");
    });
  }
}

/**
 * In a session of its own, so that Ctrl-C reaches it through us alone and it can finish the requests under way.
 * @param {Launch} launch
 */
function spawnRuntime({ command, args }) {
  const script = `${RAISE}; ${NOTE}; exec "$0" "$@"`;
  return spawn("sh", ["-c", script, command, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, TZ: "UTC" },
  });
}

/**
 * Killed outright, we can't stop the runtime; the end of a pipe tells a shell to do it.
 * @param {ChildProcess} child
 */
function guard(child) {
  if (child.pid === undefined) return;
  const shell = spawn("sh", ["-c", 'read -r _; kill -KILL "$0"', String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.once("exit", () => shell.kill("SIGKILL"));
}

/**
 * Shows what the Worker logs.
 * @param {ChildProcess} child
 */
function forward(child) {
  for (const [stream, own] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])) {
    if (!stream) continue;
    readline.createInterface(stream).on("line", (line) => {
      const { level, message } = parseLog(line);
      if (NOISE.test(message)) return;
      (level === "error" || level === "warn" ? process.stderr : level ? process.stdout : own).write(`${message}\n`);
    });
  }
}

/**
 * A line of the runtime's structured log; any other line as it is.
 * @param {string} line
 * @returns {{ level?: string, message: string }}
 */
function parseLog(line) {
  try {
    const { level, message } = JSON.parse(line);
    if (typeof level === "string" && typeof message === "string") return { level, message };
  } catch {
    // Written past the log.
  }
  return { message: line };
}

/**
 * The runtime tells of each socket it opens, one JSON object a line.
 * @param {ChildProcess} child
 * @param {import("./address.cjs").Listening} listening
 * @returns {Promise<void>}
 */
function waitUntilListening(child, { addresses, port }) {
  const control = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
  return new Promise((done) => {
    let open = 0;
    readline.createInterface(control).on("line", (line) => {
      if (JSON.parse(line).port === port) open += 1;
      if (open === addresses.length) done();
    });
  });
}

module.exports = { Runtime };
