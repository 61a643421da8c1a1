import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const START_TIMEOUT_MS = 45_000;

/** `npm start` under way. */
export interface Launched {
  process: ChildProcess;
  /** Everything it wrote so far, stdout and stderr together. */
  output(): string;
  /** The address it says it listens on. */
  url: string;
  /** Resolves to its exit code, once it has ended. */
  ended: Promise<number | null>;
}

/** Starts the server on a free port and waits until it says where it is. */
export async function launch(...args: string[]): Promise<Launched> {
  const child = spawn("npm", ["start", "--silent", "--", "--port", "0", ...args], { cwd: ROOT, detached: true });
  let text = "";
  const ended = once(child, "close").then(([code]) => code as number | null);
  const url = await new Promise<string>((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no address in time:\n${text}`)), START_TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const address = text.match(/export MLFLOW_TRACKING_URI=(\S+)/)?.[1];
        if (!address) return;
        clearTimeout(timer);
        found(address);
      });
    }
    void ended.then((code) => failed(new Error(`ended with ${code}:\n${text}`)));
  });
  return { process: child, output: () => text, url, ended };
}

/** The processes below one, nearest first. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  const all = table.split("\n").map((line) => {
    const [id, parent, ...words] = line.trim().split(/\s+/);
    return { pid: Number(id), parent: Number(parent), command: words.join(" ") };
  });
  const below = (parent: number): typeof all =>
    all.filter((process) => process.parent === parent).flatMap((process) => [process, ...below(process.pid)]);
  return below(pid);
}

/** Runs the launcher to its end, for starts that fail. */
export async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["cli/start.cjs", ...args], { cwd: ROOT, env: { ...process.env, ...env } });
  const result = { code: -1, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    result.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    result.stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { ...result, code };
}
