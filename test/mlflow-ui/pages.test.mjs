import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ensureMlflowPage } from "../../cli/mlflow-page.ts";
import { ensureVenv } from "../../conformance/venvs.mjs";
import { MLFLOW_VERSION } from "../../src/wire/contract.generated.ts";
import { findBrowser, SCREENS, startBrowser } from "../ui/browser.mjs";
import { startServer } from "../ui/server.mjs";
import { PLACES, PREVIEWS } from "./pages.mjs";
import { open, picture } from "./tab.mjs";

const ROOT = join(import.meta.dirname, "..", "..");
const executable = findBrowser();

describe("MLflow's own page", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {import("playwright-core").BrowserContext} */
  let context;
  /** @type {import("./pages.mjs").Ids} */
  let ids;

  before(async () => {
    const requirements = join(ROOT, "conformance", "requirements", `${MLFLOW_VERSION}.txt`);
    const bin = ensureVenv(join(ROOT, ".venvs"), MLFLOW_VERSION, requirements);
    ensureMlflowPage();
    server = await startServer();
    const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", PYTHONWARNINGS: "ignore" };
    const logged = await promisify(execFile)(join(bin, "python"), [join(import.meta.dirname, "data.py"), server.url], {
      env,
      cwd: ROOT,
    });
    ids = JSON.parse(logged.stdout.trimEnd().split("\n").at(-1) ?? "");
    browser = await startBrowser(String(executable));
    context = await browser.newContext({ ...SCREENS.wide, reducedMotion: "reduce" });
    await context.route(
      (address) => address.origin !== server.url,
      (route) => route.abort(),
    );
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /**
   * Opens a place, does something there, and wants nothing to go wrong.
   * @param {{ name: string, path: string, texts: string[], workflow?: import("./tab.mjs").Workflow }} place
   * @param {(tab: Awaited<ReturnType<typeof open>>) => Promise<void>} [act]
   */
  async function visit({ name, path, texts, ...rest }, act) {
    const tab = await open(context, { url: server.url, path, ...rest });
    try {
      const missing = await tab.seen(texts);
      if (missing.length === 0) await act?.(tab);
      assert.deepEqual({ missing, faults: [...tab.faults] }, { missing: [], faults: [] });
    } finally {
      await picture(tab.page, name);
      await tab.page.close();
    }
  }

  for (const { lines = 0, path, ...place } of PLACES) {
    test(`${place.name}: opens, and nothing fails`, () =>
      visit({ ...place, path: path(ids) }, async ({ page }) => {
        // Charts are drawn when they come into view, a moment after their points are there.
        if (lines)
          await page.waitForFunction((least) => document.querySelectorAll("path.js-line").length >= least, lines);
      }));
  }

  for (const { names, text } of PREVIEWS) {
    test(`${names.join("/")}: is previewed`, () =>
      visit(
        { name: `preview-${names.at(-1)}`, path: artifacts(), texts: names.slice(0, 1) },
        async ({ page, seen }) => {
          for (const name of names) await page.getByText(name, { exact: true }).first().click();
          assert.deepEqual(await seen([text]), []);
        },
      ));
  }

  for (const image of ["square.png", "figure.svg"]) {
    test(`${image}: is previewed`, () =>
      visit({ name: `preview-${image}`, path: artifacts(), texts: [image] }, async ({ page }) => {
        await page.getByText(image, { exact: true }).click();
        await page.waitForFunction(() =>
          Array.from(document.images).some(
            ({ src, naturalWidth }) => /^blob:|get-artifact/.test(src) && naturalWidth > 0,
          ),
        );
      }));
  }

  test("a logged model's file: is previewed", () =>
    visit(
      {
        name: "preview-model",
        path: `/experiments/${ids.models}/models/${ids.loggedModels[0]}/artifacts`,
        texts: ["MLmodel"],
      },
      async ({ page, seen }) => {
        await page.getByText("MLmodel", { exact: true }).click();
        assert.deepEqual(await seen(["sklearn_version"]), []);
      },
    ));

  test("an experiment is created", () =>
    visit({ name: "write-experiment", path: "/experiments", texts: ["training curves"] }, async ({ page, seen }) => {
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.getByPlaceholder("Input an experiment name").fill("made on the page");
      await page.getByRole("dialog").getByRole("button", { name: "Create", exact: true }).click();
      assert.deepEqual(await seen(["made on the page", "No runs logged"]), []);
    }));

  test("a run is renamed", () =>
    visit({ name: "write-run", path: runPath(2), texts: ["rate-0.005"] }, async ({ page, seen }) => {
      await page.getByTestId("overflow-menu-trigger").click();
      await page.getByTestId("overflow-rename-button").click();
      await page.getByRole("dialog").getByRole("textbox").fill("renamed on the page");
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      assert.deepEqual(await seen(["renamed on the page"]), []);
    }));

  test("a run is deleted", () =>
    visit({ name: "write-deletion", path: runPath(1), texts: ["rate-0.02"] }, async ({ page, seen }) => {
      await page.getByTestId("overflow-menu-trigger").click();
      await page.getByTestId("overflow-delete-button").click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      assert.deepEqual(await seen(["7 matching runs"]), []);
    }));

  test("a version gets a tag and an alias", () =>
    visit(
      { name: "write-version", path: `/models/${ids.model}/versions/1`, texts: ["The first of its kind"] },
      async ({ page, seen }) => {
        await page.getByTestId("tags-form-input-name").fill("checked by");
        await page.getByTestId("tags-form-input-value").fill("hand");
        await page.getByTestId("add-tag-button").click();
        assert.deepEqual(await seen(["checked by hand"]), []);
        await page.getByRole("button", { name: "Add", exact: true }).first().click();
        await page.getByRole("dialog").getByRole("combobox").fill("challenger");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: "Save aliases" }).click();
        assert.deepEqual(await seen(["@ challenger"]), []);
      },
    ));

  const runPath = (/** @type {number} */ at) => `/experiments/${ids.curves}/runs/${ids.runs[at]}`;
  const artifacts = () => `${runPath(0)}/artifacts`;
});
