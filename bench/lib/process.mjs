import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const PAGE_BYTES = 4096;
const TICK_MS = 10;
const SAMPLE_MS = 250;

/** All processes as { pid, parent, session, cpuMs, rssBytes }, from /proc (Linux). */
function processes() {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      // The command's name may hold spaces and brackets, so fields are counted from its last bracket.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      found.push({
        pid: Number(name),
        parent: Number(fields[1]),
        session: Number(fields[3]),
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
 * The processes of `sessions` and their descendants. Descendants may have opened sessions of their own: these are added to
 * `sessions`, so that they are still known when their parent is gone.
 */
function members(sessions) {
  const all = processes();
  const pids = new Set();
  let size = -1;
  while (size !== pids.size) {
    size = pids.size;
    for (const one of all) {
      if (!sessions.has(one.session) && !pids.has(one.parent)) continue;
      pids.add(one.pid);
      sessions.add(one.session);
    }
  }
  return all.filter((one) => pids.has(one.pid));
}

/**
 * A server started in a session of its own, so that all its processes (workers, wrappers) and theirs are found,
 * measured and ended together and no other is touched.
 */
export class ServerProcess {
  #child;
  #exited = false;
  #sampler = null;
  #sessions;
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
    this.#sessions = new Set([child.pid]);
    child.once("exit", () => {
      this.#exited = true;
    });
  }

  get exited() {
    return this.#exited;
  }

  /** Sums over all processes of the server: { cpuMs, rssBytes, processes }. */
  sample() {
    const list = members(this.#sessions);
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

  /** Ends every process of the server by force and at once, for when this process itself is ending. */
  kill() {
    signal(members(this.#sessions), "SIGKILL");
  }

  /** Ends every process of the server: what was started politely, so that it can end its own; after `graceMs` all by force. */
  async stop(graceMs = 15_000) {
    clearInterval(this.#sampler);
    const end = Date.now() + graceMs;
    signal(
      members(this.#sessions).filter((one) => one.session === this.#child.pid),
      "SIGTERM",
    );
    while (Date.now() < end && members(this.#sessions).length > 0) await sleep(100);
    for (let left = members(this.#sessions); left.length > 0; left = members(this.#sessions)) {
      signal(left, "SIGKILL");
      await sleep(50);
    }
  }
}

function signal(list, name) {
  for (const { pid } of list) {
    try {
      process.kill(pid, name);
    } catch {
      // Already gone.
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
