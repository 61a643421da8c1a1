import { buildWhatChanged } from "./build.ts";
import { UsageError } from "./options.cjs";

// Whatever a start needs that the running server does not: it ends with this process and takes its memory along.
// Asked by `serve.cjs`, which it tells how to run the server; it shows its own errors.

process.on("disconnect", () => process.exit(1));
try {
  if (!buildWhatChanged()) process.exit(1);
  const { configure } = await import("./configuration.ts");
  const { data, listening } = JSON.parse(process.argv[2] ?? "{}");
  const launch = await configure(data, listening);
  process.send?.(launch, () => process.exit(0));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tidemark: ${error.message}\n`);
  process.exit(1);
}
