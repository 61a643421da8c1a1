import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "vite";
import { keepMlflow } from "../../ui/keep-mlflow.ts";

test("a build of our own page leaves MLflow's, and nothing else of the last build", async () => {
  const root = mkdtempSync(join(tmpdir(), "tidemark-keep-"));
  try {
    const out = join(root, "out");
    for (const folder of ["mlflow", "assets"]) {
      mkdirSync(join(out, folder), { recursive: true });
      writeFileSync(join(out, folder, "old.txt"), "of the last build");
    }
    writeFileSync(join(root, "index.html"), "<p>new</p>");
    const output = { outDir: "out", emptyOutDir: false };
    await build({ root, configFile: false, logLevel: "error", plugins: [keepMlflow()], build: output });
    const left = ["mlflow/old.txt", "assets/old.txt", "index.html"].filter((file) => existsSync(join(out, file)));
    assert.deepEqual(left, ["mlflow/old.txt", "index.html"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
