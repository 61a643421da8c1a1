import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Miniflare, type MiniflareOptions } from "miniflare";
import type { Listening } from "./address.ts";
import type { Bindings } from "./bindings.ts";
import { BINDINGS_FILE, WORKER_FILE } from "./build.ts";
import { ROOT } from "./install.cjs";
import { isMigrated, listMigrations, migrate } from "./migrations.ts";

/** Part of the path of every object on disk, therefore never changed and not taken from wrangler.toml. */
const WORKER_NAME = "tidemark";
/** How long requests under way may take to finish when the server stops. */
const DRAIN_MS = 10_000;
/** Time for Miniflare to notice the end of its runtime and to start the next. */
const RESTART_CHECK_MS = 2_000;

/** The Worker, running on workerd. */
export interface Runtime {
  /** Finishes the requests under way, then ends. */
  stop(): Promise<void>;
}

/** What the owner of a runtime wants to hear of. */
export interface RuntimeEvents {
  onProcess(pid: number): void;
  onFailure(message: string): void;
}

/**
 * Starts the built Worker on a data folder, migrated, and opens its addresses.
 * @throws {UsageError} when a migration fails
 */
export async function startRuntime(data: string, listening: Listening, events: RuntimeEvents): Promise<Runtime> {
  const bindings: Bindings = JSON.parse(readFileSync(BINDINGS_FILE, "utf8"));
  const shared = sharedOptions(data);
  const worker = workerOptions(bindings);
  const doors = listening.addresses.map((address) => doorOptions(address, listening.port, bindings.compatibilityDate));
  const processes = watchProcesses(events);

  const pending = pendingMigrations(bindings, data);
  const miniflare = new Miniflare({ ...shared, workers: pending.length > 0 ? [worker] : [worker, ...doors] });
  try {
    await miniflare.ready;
    for (const { binding, folder } of pending) await migrate(await miniflare.getD1Database(binding), folder);
    // Opened only now, so that no request meets a database without its tables.
    if (pending.length > 0) await miniflare.setOptions({ ...shared, workers: [worker, ...doors] });
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
  processes.expectNoExit(() => miniflare.ready);
  return { stop: () => stop(miniflare, processes) };
}

function sharedOptions(data: string) {
  return {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    logRequests: false,
    resourcePersistencePath: data,
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
    },
  } satisfies Partial<MiniflareOptions>;
}

type WorkerOptions = MiniflareOptions["workers"][number];

function workerOptions(bindings: Bindings): WorkerOptions {
  const env: NonNullable<WorkerOptions["config"]["env"]> = {};
  const exports: NonNullable<WorkerOptions["config"]["exports"]> = {};
  for (const [name, value] of Object.entries(bindings.vars)) env[name] = { type: "json", value: value as never };
  // Local resources are named by their binding: names and ids in wrangler.toml are the cloud's and may change.
  for (const { binding } of bindings.databases) env[binding] = { type: "d1", id: binding };
  for (const binding of bindings.buckets) env[binding] = { type: "r2", name: binding };
  for (const { binding, className } of bindings.objects) {
    env[binding] = { type: "durable-object", worker: WORKER_NAME, exportName: className };
    exports[className] = { type: "durable-object", storage: "sqlite" };
  }
  const page = bindings.assets && join(ROOT, bindings.assets.directory);
  const hasPage = page !== null && existsSync(page);
  if (hasPage && bindings.assets) env[bindings.assets.binding] = { type: "assets" };
  return {
    config: {
      name: WORKER_NAME,
      compatibilityDate: bindings.compatibilityDate,
      compatibilityFlags: bindings.compatibilityFlags,
      manifest: moduleManifest(readFileSync(WORKER_FILE, "utf8")),
      env,
      exports,
      ...(hasPage ? { assets: { directory: page, hasUserWorker: true } } : {}),
    },
  };
}

/**
 * A socket straight into the Worker, past Miniflare's proxy and its asset router, several times faster than through
 * them. A worker has one such socket, so each address gets a worker of its own that owns nothing else.
 */
function doorOptions(address: string, port: number, compatibilityDate: string): WorkerOptions {
  const name = `door ${address}`;
  const socket = { host: address, port, serviceName: WORKER_NAME };
  return {
    config: { name, compatibilityDate, manifest: moduleManifest("export default {};") },
    dev: { unsafeDirectSockets: [socket] },
  };
}

function moduleManifest(contents: string) {
  return { mainModule: "worker.js", modules: { "worker.js": { type: "esm" as const, contents } } };
}

/** The databases whose migrations are not known to be done. */
function pendingMigrations(bindings: Bindings, data: string): { binding: string; folder: string }[] {
  const files = join(data, "d1", "miniflare-D1DatabaseObject");
  return bindings.databases
    .map(({ binding, migrationsDir }) => ({ binding, folder: join(ROOT, migrationsDir) }))
    .filter(({ folder }) => !isMigrated(files, listMigrations(folder)));
}

interface Processes {
  current: ChildProcess | undefined;
  expectNoExit(ready: () => Promise<unknown>): void;
  stopping: boolean;
}

/** Miniflare keeps its runtime's process to itself; Node tells of every process it starts. */
function watchProcesses(events: RuntimeEvents): Processes {
  let ready: (() => Promise<unknown>) | undefined;
  const processes: Processes = {
    current: undefined,
    stopping: false,
    expectNoExit: (check) => {
      ready = check;
    },
  };
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (!basename(child.spawnfile).startsWith("workerd") || child.pid === undefined) return;
      processes.current = child;
      events.onProcess(child.pid);
      child.once("exit", () => {
        if (!ready || processes.stopping || processes.current !== child) return;
        process.stderr.write("tidemark: the runtime ended unexpectedly; starting it again.\n");
        setTimeout(() => ready?.().catch(() => events.onFailure("the runtime did not start again.")), RESTART_CHECK_MS);
      });
    });
  });
  return processes;
}

/** On SIGTERM the runtime takes no more connections, answers what it has accepted and ends. */
function stop(miniflare: Miniflare, processes: Processes): Promise<void> {
  processes.stopping = true;
  const child = processes.current;
  if (!child || child.exitCode !== null || child.signalCode !== null) return miniflare.dispose();
  return new Promise((done, failed) => {
    // At once, while the end is being told of: a moment later Miniflare would take it for a crash and start another.
    const dispose = () => {
      clearTimeout(timer);
      child.removeListener("exit", dispose);
      miniflare.dispose().then(done, failed);
    };
    const timer = setTimeout(dispose, DRAIN_MS);
    child.once("exit", dispose);
    child.kill("SIGTERM");
  });
}
