/** The runs table by hand: what a phone shows of it, widths, whom it draws. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining, post } from "./data.mjs";
import { startServer } from "./server.mjs";

const executablePath = findBrowser();

describe("the runs table", { skip: executablePath ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  let experiment = "";

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executablePath));
    experiment = await createExperiment(server.url, `table-${Date.now().toString(36)}`);
    for (const [name, lr] of /** @type {const} */ ([
      ["first", 0.1],
      ["second", 0.2],
      ["third", 0.3],
    ])) {
      const run = await createRun(server.url, { experiment, name, age: 3_600_000 });
      await logTraining(server.url, run, { from: 0, to: 30, lr });
      await endRun(server.url, run, "FINISHED");
      if (name !== "first") continue;
      const baseline = { experiment_id: experiment, key: "tidemark.baseline", value: run };
      await post(server.url, "experiments/set-experiment-tag", baseline);
    }
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("the baseline's row has a sheet of its columns on a phone, too", async () => {
    const { page, errors, close } = await openTab(browser, { screen: "phone" });
    await page.goto(`${server.url}/#/e/${experiment}?view=table&cols=m:loss,d:loss,m:val/auc,p:lr,a:user`);
    await page.getByRole("button", { name: "All columns of first" }).tap();
    const sheet = page.getByRole("dialog", { name: "first" });
    await sheet.getByText("val/auc").waitFor();
    await sheet.getByText("ana", { exact: true }).waitFor();
    assert.equal(await sheet.getByRole("button", { name: "Set as baseline" }).count(), 0);
    assert.deepEqual(await findings(page), []);
    await picture(page, "experiment-sheet-baseline-phone-light");
    assert.deepEqual(errors, []);
    await close();
  });

  test("a dragged column takes its width at once, the address when it is let go", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?view=table&cols=m:loss,p:lr`);
    const head = page.getByRole("columnheader", { name: "loss" });
    await head.waitFor();
    const box = await head.boundingBox();
    assert.ok(box);
    const edge = { x: box.x + box.width - 3, y: box.y + box.height / 2 };
    await page.mouse.move(edge.x, edge.y);
    await page.mouse.down();
    await page.mouse.move(edge.x + 70, edge.y, { steps: 4 });
    await page.waitForFunction(
      (width) => (document.querySelector(".grid-heads .cell-metric")?.clientWidth ?? 0) > width + 50,
      box.width,
    );
    assert.doesNotMatch(page.url(), /@/);
    await page.mouse.up();
    await page.waitForURL(/cols=m:loss@\d+,p:lr/);
    assert.deepEqual(errors, []);
    await close();
  });

  test("one box draws none of the runs, or the first ones", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?view=table`);
    await page.getByRole("checkbox", { name: "Draw none" }).click();
    await page.getByText("0 drawn + baseline").waitFor();
    await page.getByRole("checkbox", { name: "Draw the first runs" }).click();
    await page.getByText("2 drawn + baseline").waitFor();
    assert.deepEqual(errors, []);
    await close();
  });
});
