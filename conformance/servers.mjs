/** Starting and stopping the servers under test, each with its own port and its own empty data folder. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 200;
const LOG_TAIL_CHARS = 4_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function isHealthy(uri) {
  try {
    return (await fetch(`${uri}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** Signals the whole group: both servers are started through a launcher that has children. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function start(name, command) {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), `conformance-${name}-`));
  const { file, args, cwd, env } = command(port, data);
  mkdirSync(join(data, "logs"), { recursive: true });
  const logFile = join(data, "logs", "server.log");
  const log = openSync(logFile, "a");
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let failure;
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? code}`));
  });
  ended.then((reason) => {
    failure = reason;
  });
  const killOnExit = () => {
    signalGroup(child, "SIGKILL");
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  process.once("exit", killOnExit);

  async function stop() {
    signalGroup(child, "SIGTERM");
    const timer = new AbortController();
    await Promise.race([ended, sleep(STOP_TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
    process.removeListener("exit", killOnExit);
    killOnExit();
  }

  const uri = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(uri))) {
    if (failure || Date.now() > deadline) {
      const tail = readFileSync(logFile, "utf8").slice(-LOG_TAIL_CHARS);
      await stop();
      throw new Error(`The ${name} server did not start (${failure ?? "no answer in time"}):\n${tail}`);
    }
    await sleep(POLL_MS);
  }
  return { uri, stop };
}

/** More of the environment, by server: receivers of webhooks on this machine are allowed, and heard of at once. */
export const LOCAL_RECEIVERS = {
  ours: { TIDEMARK_WEBHOOKS_ALLOW_PRIVATE: "true" },
  mlflow: {
    MLFLOW_WEBHOOK_ALLOWED_SCHEMES: "http,https",
    MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true",
    MLFLOW_WEBHOOK_CACHE_TTL: "0",
  },
};

/** The administrator's secret of the servers started here. */
export const ADMIN_TOKEN = "conformance";

/** This project's server, as `npm start` gives it to a user. Resolves to `{ uri, stop }`. */
export function startOurs(projectRoot, env = {}) {
  return start("ours", (port, data) => ({
    file: "npm",
    args: ["start", "--silent", "--", "--port", String(port), "--data", join(data, "data")],
    cwd: projectRoot,
    env: { TIDEMARK_ADMIN_TOKEN: ADMIN_TOKEN, ...env },
  }));
}

/** MLflow's own server on SQLite, from the environment whose executables are in `bin`. */
export function startMlflow(bin, env = {}) {
  return start("mlflow", (port, data) => ({
    file: join(bin, "mlflow"),
    args: [
      ...["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...["--backend-store-uri", `sqlite:///${join(data, "mlflow.db")}`],
      ...["--serve-artifacts", "--artifacts-destination", join(data, "artifacts")],
    ],
    cwd: data,
    env: { ...env, MLFLOW_DISABLE_TELEMETRY: "true", PATH: `${bin}:${process.env.PATH}` },
  }));
}
