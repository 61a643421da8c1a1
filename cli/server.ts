import { chooseAddress } from "./address.ts";
import { buildWhatChanged } from "./build.ts";
import { takeFolder } from "./folder.ts";
import { UsageError } from "./options.cjs";

interface Options {
  host: string;
  port: number;
  data: string;
}

/** How to end; before the server is up there is nothing to finish. */
let stop: () => void = () => process.exit(0);

/** Runs until the supervisor asks for the end, or is gone. */
async function serve({ host, port, data }: Options): Promise<void> {
  process.on("message", () => stop());
  process.on("disconnect", () => stop());
  const lock = takeFolder(data);
  const listening = await chooseAddress(host, port);
  await buildWhatChanged();
  // Loaded late: a mistaken option is answered without waiting for it.
  const { startRuntime } = await import("./runtime.ts");
  const runtime = await startRuntime(data, listening, {
    onProcess: (runtimePid) => {
      if (process.connected) process.send?.({ runtimePid });
    },
    onFailure: (message) => {
      process.stderr.write(`tidemark: ${message}\n`);
      process.exit(1);
    },
  });
  stop = once(async () => {
    process.stdout.write("Stopping …\n");
    // The data is on disk already; a fault in tidying up is no reason to report a failure.
    await runtime.stop().catch((error) => process.stderr.write(`tidemark: ${error}\n`));
    lock.release();
    process.exit(0);
  });
  // The runtime's library ends the process at once on a signal, cutting off the requests under way.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.removeAllListeners(signal).on(signal, () => stop());
  process.stdout.write(`
Tidemark is listening on ${listening.url}, its data is in ${data}.
Point MLflow at it:

  export MLFLOW_TRACKING_URI=${listening.url}

Ctrl-C stops it.
`);
}

function once(action: () => Promise<void>): () => void {
  let called = false;
  return () => {
    if (!called) void action();
    called = true;
  };
}

// The terminal may be gone while the server still finishes; that is no reason to stop half-way.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

try {
  await serve(JSON.parse(process.argv[2] ?? "{}"));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tidemark: ${error.message}\n`);
  process.exit(1);
}
