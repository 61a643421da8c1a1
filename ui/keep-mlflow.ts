import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";

/** The folder in the build where `npm run ui:mlflow` puts MLflow's own page. */
const MLFLOW = "mlflow";

/** Empties the output folder before a build, as Vite would, but for MLflow's own page, which this build does not make. */
export function keepMlflow(): Plugin {
  let folder = "";
  return {
    name: "tidemark-keep-mlflow",
    apply: "build",
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir);
    },
    buildStart() {
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder)) {
        if (name !== MLFLOW) rmSync(join(folder, name), { recursive: true });
      }
    },
  };
}
