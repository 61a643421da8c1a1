import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Miniflare, type MiniflareOptions } from "miniflare";
import type { Listening } from "./address.cjs";
import type { Bindings } from "./bindings.ts";
import { BINDINGS_FILE, WORKER_FILE } from "./build.ts";
import { ROOT } from "./install.cjs";
import { widenBucket } from "./local-bucket.ts";
import { isMigrated, migrate } from "./migrations.ts";
import { removeOrphans } from "./orphans.ts";
import type { Launch } from "./runtime.cjs";

/** Part of the path of every object on disk, therefore never changed and not taken from wrangler.toml. */
const WORKER_NAME = "tidemark";
const RECORDER = join(ROOT, "cli", "record.sh");
const CONFIGURATION_FILE = "tidemark.runtime";
/** Miniflare's own, which it removes when it ends, though the runtime needs what is in it. */
const TEMPORARY_FOLDER = "tidemark.tmp";
/** Nobody listens there: what Miniflare would answer itself while it stays with its runtime, errors only, is not needed. */
const NOBODY = "127.0.0.1:1";
/**
 * Left alone, V8 lets the young generation of each isolate grow to 48 MB, and the old one to hundreds before it first
 * collects it, with all that requests leave outside its heap: 440 to 540 MB for the runtime under writes, 310 with
 * these, at a throughput that differs less than measurements do. A smaller growth of the old one costs most of it.
 */
const V8_FLAGS = "--max-semi-space-size=2 --initial-old-space-size=4";

/**
 * Migrates the data folder and finds out how to run the built Worker on it. Miniflare knows the configuration for
 * Cloudflare's runtime, D1 and R2 included, but takes 150 MB or more: so it is asked for it and not kept.
 * @throws {UsageError} when a migration fails
 */
export async function configure(data: string, listening: Listening): Promise<Launch> {
  const bindings: Bindings = JSON.parse(readFileSync(BINDINGS_FILE, "utf8"));
  const shared = sharedOptions(data);
  const worker = workerOptions(bindings, readFileSync(WORKER_FILE, "utf8"));
  const doors = listening.addresses.map((address) => doorOptions(address, listening.port, bindings.compatibilityDate));
  await migrateWhatIsPending(bindings, data, shared);
  for (const bucket of bindings.buckets) removeOrphans(data, bucket);
  return record(data, { ...shared, workers: [worker, ...doors] });
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
  } satisfies Partial<MiniflareOptions>;
}

type WorkerOptions = MiniflareOptions["workers"][number];

function workerOptions(bindings: Bindings, code: string): WorkerOptions {
  const env: NonNullable<WorkerOptions["config"]["env"]> = {};
  const exports: NonNullable<WorkerOptions["config"]["exports"]> = {};
  const vars = { ...bindings.vars, ...settings(process.env) };
  for (const [name, value] of Object.entries(vars)) env[name] = { type: "json", value: value as never };
  env.PUBLIC_NETWORK = { type: "network", allow: ["public"], tlsOptions: { trustBrowserCas: true } };
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
      manifest: moduleManifest(code),
      env,
      exports,
      ...(hasPage ? { assets: { directory: page, hasUserWorker: true } } : {}),
    },
  };
}

const WORKER_SETTING = /^TIDEMARK_(?:ALLOWED|WEBHOOKS|GC|ADMIN|POLICIES|R2|MAX|PUBLIC)(?:_|$)/;

/** What the Worker itself is told by the environment, where wrangler.toml and its secrets would in the cloud. */
function settings(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => WORKER_SETTING.test(name)));
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

/** Before the server listens, so that no request meets a database without its tables. */
async function migrateWhatIsPending(
  bindings: Bindings,
  data: string,
  shared: Partial<MiniflareOptions>,
): Promise<void> {
  const files = join(data, "d1", "miniflare-D1DatabaseObject");
  const pending = bindings.databases.filter(({ migrations }) => !isMigrated(files, migrations));
  if (pending.length === 0) return;
  const worker = workerOptions({ ...bindings, vars: {}, buckets: [], objects: [], assets: null }, "export default {};");
  const miniflare = new Miniflare({ ...shared, workers: [worker] });
  try {
    await miniflare.ready;
    for (const { binding, migrations } of pending) await migrate(await miniflare.getD1Database(binding), migrations);
  } finally {
    await miniflare.dispose();
  }
}

/** Lets Miniflare start the recorder in its runtime's place. */
async function record(data: string, options: MiniflareOptions): Promise<Launch> {
  const command = process.env.MINIFLARE_WORKERD_PATH ?? runtimeBinary();
  const file = join(data, CONFIGURATION_FILE);
  const argumentsFile = `${file}.arguments`;
  const temporary = join(data, TEMPORARY_FOLDER);
  for (const left of [argumentsFile, temporary]) rmSync(left, { recursive: true, force: true });
  mkdirSync(temporary);
  Object.assign(process.env, { TMPDIR: temporary, TIDEMARK_RECORD: file, MINIFLARE_WORKERD_PATH: RECORDER });
  process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
  // The recorder ends at once, which Miniflare takes for a failure to start.
  await new Miniflare(options).ready.catch((error: unknown) => {
    if (!existsSync(argumentsFile)) throw error;
  });
  chmodSync(file, 0o600);
  const configuration = readFileSync(file);
  if (widenBucket(configuration)) writeFileSync(file, configuration);
  const given = readFileSync(argumentsFile, "utf8").trimEnd().split("\n");
  rmSync(argumentsFile);
  const args = given.map((argument) =>
    argument === "-" ? file : argument.replace(/^(--external-addr=loopback)=.*/, `$1=${NOBODY}`),
  );
  return { command, args, folders: pathsBelow(temporary, configuration) };
}

/** Paths in a configuration, where each string ends with a zero byte. */
function pathsBelow(folder: string, configuration: Buffer): string[] {
  const paths: string[] = [];
  for (let at = configuration.indexOf(folder); at >= 0; at = configuration.indexOf(folder, at + 1)) {
    paths.push(configuration.toString("utf8", at, configuration.indexOf(0, at)));
  }
  return paths;
}

/** The one that Miniflare depends on. */
function runtimeBinary(): string {
  const require = createRequire(import.meta.resolve("miniflare"));
  const workerd: { default: string } = require("workerd");
  return workerd.default;
}
