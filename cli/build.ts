import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bindings } from "./bindings.ts";
import { ROOT } from "./install.cjs";
import { UsageError } from "./options.cjs";

const SERVER_DIR = join(ROOT, "dist", "server");
const UI_DIR = join(ROOT, "dist", "ui");
const STAMPS = join(ROOT, "dist", ".stamps");

/** What `npm start` runs: the Worker as one module, and the bindings wrangler.toml gives it. */
export const WORKER_FILE = join(SERVER_DIR, "worker.js");
export const BINDINGS_FILE = join(SERVER_DIR, "bindings.json");

interface Step {
  name: string;
  sources: string[];
  outputs: string[];
  build(): Promise<void>;
}

/** What the page takes from the server: the filter grammar, and how series are sent. */
const SHARED_WITH_UI = ["src/search", "src/metrics/series-format.ts", "src/page/direction.ts"];

const STEPS: Step[] = [
  {
    name: "server",
    sources: ["src", "drizzle", "wrangler.toml", "cli/build.ts", "cli/bindings.ts"],
    outputs: [WORKER_FILE, BINDINGS_FILE],
    build: buildServer,
  },
  { name: "ui", sources: ["ui", ...SHARED_WITH_UI], outputs: [join(UI_DIR, "index.html")], build: buildPage },
];

/**
 * Builds the Worker and the page where their sources changed since the last build, in a process that takes the memory
 * this needs along when it ends.
 * @returns false when a build failed, which has shown why
 */
export function buildWhatChanged(): boolean {
  if (staleSteps().length === 0) return true;
  const args = ["--disable-warning=ExperimentalWarning", join(ROOT, "cli", "build.ts")];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" }).status === 0;
}

function staleSteps(): Step[] {
  return STEPS.filter(({ name, sources, outputs }) => {
    // A checkout may come without the page.
    if (!sources.every((source) => existsSync(join(ROOT, source)))) return false;
    const stamp = join(STAMPS, name);
    if (!existsSync(stamp) || !outputs.every((file) => existsSync(file))) return true;
    return readFileSync(stamp, "utf8") !== fingerprintOf([...sources, "package-lock.json"]);
  });
}

async function buildStep({ name, sources, build }: Step): Promise<void> {
  // Taken before, so that a change made meanwhile is built next time.
  const fingerprint = fingerprintOf([...sources, "package-lock.json"]);
  process.stdout.write(`Building the ${name} …\n`);
  await build();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), fingerprint);
}

/** Changes with every name, size and time among the sources, so that removed files count too. */
function fingerprintOf(sources: string[]): string {
  const hash = createHash("sha256");
  for (const path of sources.flatMap((source) => filesUnder(source)).sort()) {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function filesUnder(path: string): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules")
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)]));
}

async function buildServer(): Promise<void> {
  const { build, stop } = await import("esbuild");
  const { readBindings } = await import("./bindings.ts");
  const bindings: Bindings = readBindings(join(ROOT, "wrangler.toml"));
  mkdirSync(SERVER_DIR, { recursive: true });
  try {
    await build({
      entryPoints: [join(ROOT, bindings.main)],
      outfile: WORKER_FILE,
      absWorkingDir: ROOT,
      bundle: true,
      format: "esm",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*", "node:*"],
      sourcemap: "inline",
      sourcesContent: false,
      logLevel: "warning",
    });
  } catch {
    throw new UsageError("building the server failed; see above.");
  } finally {
    await stop();
  }
  writeFileSync(BINDINGS_FILE, `${JSON.stringify(bindings, null, 2)}\n`);
}

async function buildPage(): Promise<void> {
  const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const done = spawnSync(process.execPath, [vite, "build", "ui", "--logLevel", "warn"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (done.status !== 0) throw new UsageError("building the page failed; see above.");
}

if (import.meta.main) {
  try {
    for (const stale of staleSteps()) await buildStep(stale);
    mkdirSync(UI_DIR, { recursive: true });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tidemark: ${error.message}\n`);
    process.exitCode = 1;
  }
}
