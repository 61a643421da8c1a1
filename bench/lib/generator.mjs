import { join } from "node:path";
import { ROOT } from "./peers.mjs";
import { run } from "./process.mjs";

/** Runs one job in a load generator process of its own and returns its result (see load.mjs). */
export async function generate(job) {
  return JSON.parse(await run(process.execPath, [join(ROOT, "bench/lib/load.mjs")], { input: JSON.stringify(job) }));
}
