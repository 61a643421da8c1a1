import { defineConfig } from "vite";
import { earlyScript } from "./early.ts";
import { keepMlflow } from "./keep-mlflow.ts";

/** Where `npm run dev:ui` finds the server whose data it shows. */
const SERVER = process.env.TIDEMARK_URL ?? "http://localhost:5000";

const CORE = /node_modules\/(preact|wouter|regexparam)|ui\/src\/(data|lib(?!\/use-virtual)|api)\//;

export default defineConfig({
  plugins: [keepMlflow(), earlyScript()],
  build: {
    outDir: "../dist/ui",
    emptyOutDir: false,
    target: "es2023",
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // What every page needs comes as one file: each one more is a request before anything is on screen.
        codeSplitting: { groups: [{ name: "core", test: CORE }] },
      },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/ajax-api", "/get-artifact", "/version", "/health"].map((path) => [path, SERVER]),
    ),
  },
});
