import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const START_TIMEOUT_MS = 60_000;

/**
 * Starts the server as a user does, on a free port with a folder of its own; TIDEMARK_URL stands in for it.
 * @returns {Promise<{ url: string, isFresh: boolean, stop: () => Promise<void> }>} `isFresh`: nothing is on it yet
 */
export async function startServer() {
  const given = process.env.TIDEMARK_URL;
  if (given) return { url: given.replace(/\/$/, ""), isFresh: false, stop: async () => undefined };
  const data = mkdtempSync(join(tmpdir(), "tidemark-ui-"));
  const child = spawn(process.execPath, ["cli/start.cjs", "--port", "0", "--data", data], { cwd: ROOT });
  const ended = once(child, "close");
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    return { url: await addressOf(child), isFresh: true, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param {import("node:child_process").ChildProcessWithoutNullStreams} child */
function addressOf(child) {
  let said = "";
  return new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`the server did not start in time:\n${said}`)), START_TIMEOUT_MS);
    const settle = (/** @type {() => void} */ action) => {
      clearTimeout(timer);
      action();
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        said += chunk;
        const address = said.match(/MLFLOW_TRACKING_URI=(\S+)/)?.[1];
        if (address) settle(() => found(address));
      });
    }
    child.once("exit", (code) => settle(() => failed(new Error(`the server ended with ${code}:\n${said}`))));
  });
}
