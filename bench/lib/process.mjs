import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const PAGE_BYTES = 4096;
const TICK_MS = 10;
const SAMPLE_MS = 250;

/** Processes of one session as { pid, cpuMs, rssBytes }, from /proc (Linux). */
function sessionProcesses(session) {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      // The command's name may hold spaces and brackets, so fields are counted from its last bracket.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(fields[3]) !== session) continue;
      found.push({
        pid: Number(name),
        cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
        rssBytes: Number(fields[21]) * PAGE_BYTES,
      });
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  return found;
}

/**
 * A server started in a session of its own, so that all its processes (workers, wrappers) are found,
 * measured and ended together and no other is touched.
 */
export class ServerProcess {
  #child;
  #exited = false;
  #sampler = null;
  /** Largest sum of resident memory over all processes seen since start, bytes. */
  peakRss = 0;

  /** Starts `command`; its output goes to `logFile`. */
  static async start({ command, args, cwd, env, logFile }) {
    const log = await open(logFile, "a");
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const server = new ServerProcess(child);
    try {
      await once(child, "spawn");
    } finally {
      await log.close();
    }
    server.#sampler = setInterval(() => server.sample(), SAMPLE_MS);
    server.#sampler.unref();
    return server;
  }

  constructor(child) {
    this.#child = child;
    child.once("exit", () => {
      this.#exited = true;
    });
  }

  get exited() {
    return this.#exited;
  }

  /** Sums over all processes of the server: { cpuMs, rssBytes, processes }. */
  sample() {
    const list = sessionProcesses(this.#child.pid);
    const rssBytes = list.reduce((sum, one) => sum + one.rssBytes, 0);
    this.peakRss = Math.max(this.peakRss, rssBytes);
    return { cpuMs: list.reduce((sum, one) => sum + one.cpuMs, 0), rssBytes, processes: list.length };
  }

  /** Waits until the server uses less than 3 % of a core (background work done), at most `limitMs`. */
  async settle(limitMs = 15_000) {
    const end = Date.now() + limitMs;
    let last = this.sample().cpuMs;
    while (Date.now() < end) {
      await sleep(500);
      const now = this.sample().cpuMs;
      if (now - last <= 0.03 * 500) return;
      last = now;
    }
  }

  /** Ends every process of the server: politely, then after `graceMs` by force. */
  async stop(graceMs = 15_000) {
    clearInterval(this.#sampler);
    const end = Date.now() + graceMs;
    this.#signal("SIGTERM");
    while (Date.now() < end && sessionProcesses(this.#child.pid).length > 0) await sleep(100);
    this.#signal("SIGKILL");
    while (sessionProcesses(this.#child.pid).length > 0) await sleep(50);
  }

  #signal(signal) {
    for (const { pid } of sessionProcesses(this.#child.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // Already gone.
      }
    }
  }
}

/** Runs a command to its end and returns its standard output; throws with its error output when it fails. */
export async function run(command, args, { cwd, input } = {}) {
  const child = spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  const out = [];
  const err = [];
  child.stdout.on("data", (chunk) => out.push(chunk));
  child.stderr.on("data", (chunk) => err.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${Buffer.concat(err).toString().slice(-2000)}`);
  }
  return Buffer.concat(out).toString();
}
