import { mkdir } from "node:fs/promises";
import net from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "./process.mjs";
import { environment } from "./venv.mjs";

/** The repository's root. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const START_LIMIT_MS = 120_000;

function mlflow(label, workers) {
  return {
    label,
    database: "mlflow.db",
    slow: true,
    async command(port, data) {
      const bin = await environment(ROOT, "mlflow");
      return {
        command: join(bin, "mlflow"),
        args: [
          ...["server", "--host", "127.0.0.1", "--port", String(port)],
          ...["--backend-store-uri", `sqlite:///${join(data, "mlflow.db")}`],
          ...["--artifacts-destination", join(data, "artifacts"), ...workers],
        ],
        // The job runner serves no metrics; without its eight processes MLflow has more of the machine to itself.
        env: {
          MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
          MLFLOW_DISABLE_TELEMETRY: "true",
          DO_NOT_TRACK: "true",
          PATH: `${bin}:${process.env.PATH}`,
        },
      };
    },
  };
}

/**
 * The servers under comparison. `command(port, data)` says how to start one on an empty folder; `database` is the
 * SQLite file a peer keeps its metrics in; `slow` servers get longer windows, for they answer few requests a second.
 */
export const PEERS = {
  tidemark: {
    label: "Tidemark",
    async command(port, data) {
      return { command: "npm", args: ["start", "--silent", "--", "--port", String(port), "--data", data], env: {} };
    },
  },
  mlflow: mlflow("MLflow 3.17.2, 2 workers", ["--workers", "2"]),
  "mlflow-default": mlflow("MLflow 3.17.2, default workers", []),
  fasttrackml: {
    label: "FastTrackML 0.6.0",
    database: "fasttrackml.db",
    async command(port, data) {
      const bin = await environment(ROOT, "fasttrackml");
      return {
        command: join(bin, "fml"),
        // The path follows the scheme's two slashes directly; a third or fourth is taken for an authority and refused.
        args: [
          ...["server", "--listen-address", `127.0.0.1:${port}`, "--log-level", "warn"],
          ...["--database-uri", `sqlite://${join(data, "fasttrackml.db")}`],
          ...["--default-artifact-root", join(data, "artifacts")],
        ],
        env: {},
      };
    },
  },
  null: {
    label: "null server",
    async command(port) {
      return { command: process.execPath, args: [join(ROOT, "bench/lib/null-server.mjs"), String(port)], env: {} };
    },
  },
};

/** A port that nobody listens on at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function answers(port) {
  try {
    // A server may accept a connection before it can answer, and then never answer that one.
    const response = await fetch(`http://127.0.0.1:${port}/api/2.0/mlflow/experiments/get?experiment_id=0`, {
      signal: AbortSignal.timeout(2000),
    });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/**
 * Starts a server and waits until it answers: { name, label, port, data, process, database, slow }. `onSpawn(process)` is
 * called as soon as there is something to stop. Throws with the log's place if it doesn't come up.
 */
export async function startPeer(name, workFolder, onSpawn) {
  const peer = PEERS[name];
  const data = join(workFolder, name);
  const logFile = join(workFolder, `${name}.log`);
  await mkdir(data, { recursive: true });
  const port = await freePort();
  const { command, args, env } = await peer.command(port, data);
  const server = await ServerProcess.start({ command, args, cwd: ROOT, env, logFile });
  onSpawn(server);
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (server.exited || Date.now() > limit) {
      throw new Error(`${peer.label} did not start, see ${logFile}`);
    }
    await sleep(100);
  }
  const database = peer.database === undefined ? null : join(data, peer.database);
  return { name, label: peer.label, slow: peer.slow === true, port, data, process: server, database };
}
