import { defineConfig } from "vite";
import { earlyScript } from "./early.ts";
import { keepMlflow } from "./keep-mlflow.ts";

/** Where `npm run dev:ui` finds the server whose data it shows. */
const SERVER = process.env.TIDEMARK_URL ?? "http://localhost:5000";

const CORE =
  /vite\/preload-helper|node_modules\/(preact|wouter|regexparam)|ui\/src\/(data(?!\/use-(drawn|action))|lib(?!\/use-virtual)|api(?!\/(registry|webhooks))|parts\/(baseline|copy|delta|first-run|icon|lazy|menu|number|spark|states|status))[./]/;
/** What every page with charts needs at once. */
const CHARTS =
  /node_modules\/uplot|ui\/src\/data\/use-drawn|ui\/src\/charts\/(?!chart-dialog|export|marks|paint-marks|series-table|suggest-limit|watch)/;

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
        codeSplitting: {
          groups: [
            { name: "core", test: CORE, priority: 2 },
            { name: "charts", test: CHARTS, priority: 1 },
          ],
        },
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
