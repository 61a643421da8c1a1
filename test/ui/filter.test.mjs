import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findBrowser, openTab, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();

describe("the filter bar on a slow machine", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  let experiment = "";

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
    experiment = await createExperiment(server.url, `filter-${Date.now().toString(36)}`);
    const run = await createRun(server.url, { experiment, name: "run-one", age: 60_000 });
    await logTraining(server.url, run, { from: 0, to: 10, lr: 0.1 });
    await endRun(server.url, run, "FINISHED");
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("keeps every letter, whatever is completed, run and drawn meanwhile", async () => {
    const { page, errors, close } = await openTab(browser);
    // Frames come late, as where others have the processor.
    await page.addInitScript(() => {
      const { requestAnimationFrame, setTimeout } = window;
      window.requestAnimationFrame = (work) => requestAnimationFrame((time) => setTimeout(() => work(time), 300));
    });
    await page.goto(`${server.url}/#/e/${experiment}`);
    await page.getByText("1 run", { exact: false }).first().waitFor();
    const input = page.getByRole("combobox", { name: "Filter runs" });
    await input.click();
    await input.pressSequentially("auc");
    await page.getByRole("option", { name: /metrics\.`val\/auc`/ }).waitFor();
    await page.keyboard.press("Tab");
    // Each stretch is a filter of its own, and runs if nothing comes for a while: some pauses are just about as long.
    for (const piece of ["> 0.1", " and", " params.lr = '0.1'", " and metrics.loss", " < 5"]) {
      await input.pressSequentially(piece);
      await page.waitForTimeout(240);
    }
    assert.equal(await input.inputValue(), "metrics.`val/auc` > 0.1 and params.lr = '0.1' and metrics.loss < 5");
    await page.waitForURL(/loss/);
    assert.equal(await input.inputValue(), "metrics.`val/auc` > 0.1 and params.lr = '0.1' and metrics.loss < 5");
    assert.deepEqual(errors, []);
    await close();
  });
});
