import { subscribe } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { readBindings } from "../../cli/bindings.ts";
import { migrate } from "../../cli/migrations.ts";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const BINDINGS = readBindings(at("../../wrangler.toml"));
const NAME = "cost";
/** Clock ticks a second in /proc; the same on every Linux that Node runs on. */
const TICKS = 100;

let runtimePid;
subscribe("child_process", ({ process: child }) => {
  child.once("spawn", () => {
    if (basename(child.spawnfile).startsWith("workerd")) runtimePid = child.pid;
  });
});

/** Processor time of the runtime so far, in ms: the Worker, the objects, the databases and the driver together. */
function cpuMs() {
  const fields = readFileSync(`/proc/${runtimePid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** RunLog gets a base class that counts; the bench's own files get the platform's. */
const countingObjects = {
  name: "counting-objects",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^cloudflare:workers$/ }, ({ importer }) =>
      importer.startsWith(at(".")) ? { external: true } : { path: at("durable-object.ts") },
    ),
};

/** The bench's Worker as one module. */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [at("worker.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    plugins: [countingObjects],
    external: ["cloudflare:*", "node:*"],
    keepNames: true,
  });
  return outputFiles[0].text;
}

/** Does `work` with a fresh server; it gets a function that fetches JSON from the bench's Worker. */
async function withServer(contents, work) {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-cost-"));
  const env = {};
  const exports = {};
  for (const { binding } of BINDINGS.databases) env[binding] = { type: "d1", id: binding };
  for (const binding of BINDINGS.buckets) env[binding] = { type: "r2", name: binding };
  for (const { binding, className } of BINDINGS.objects) {
    env[binding] = { type: "durable-object", worker: NAME, exportName: className };
    exports[className] = { type: "durable-object", storage: "sqlite" };
  }
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    resourcePersistencePath: folder,
    workers: [
      {
        config: {
          name: NAME,
          compatibilityDate: BINDINGS.compatibilityDate,
          compatibilityFlags: BINDINGS.compatibilityFlags,
          manifest: { mainModule: "worker.js", modules: { "worker.js": { type: "esm", contents } } },
          env,
          exports,
        },
      },
    ],
  });
  try {
    const [database] = BINDINGS.databases;
    await migrate(await miniflare.getD1Database("DB"), database.migrations);
    return await work(async (query) => {
      const answer = await miniflare.dispatchFetch(`http://${NAME}/${query}`);
      if (!answer.ok) throw new Error(await answer.text());
      return await answer.json();
    });
  } finally {
    await miniflare.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The workloads there are: `[{ id, title, full }]`. */
export const list = (contents) => withServer(contents, (ask) => ask(""));

/** Replays one on a server of its own; adds the runtime's processor time to what it counted. */
export function replay(contents, id) {
  return withServer(contents, async (ask) => {
    const before = cpuMs();
    const result = await ask(`?workload=${id}`);
    return { ...result, cpuMs: cpuMs() - before };
  });
}
