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

  test("a run that is silent for long is shown as stale, with the age of its last point", async () => {
    const apart = await createExperiment(server.url, `stale-${Date.now().toString(36)}`);
    const run = await createRun(server.url, { experiment: apart, name: "quiet", age: 7_200_000 });
    const start = Date.now() - 7_200_000;
    const metrics = Array.from({ length: 60 }, (_, step) => {
      return { key: "loss", value: 1 / (step + 1), step, timestamp: start + step * 1000 };
    });
    await post(server.url, "runs/log-batch", { run_id: run, metrics });
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${apart}?view=table&cols=m:loss,a:start`);
    const row = page.locator(".grid-body .grid-row").filter({ hasText: "quiet" });
    await row.getByText("stale").waitFor();
    await row.getByText("1 h", { exact: true }).waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("a line under the pointer lights its row", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?m=val/auc`);
    const body = page.locator(".chart-body").first();
    await body.locator("canvas").waitFor();
    const box = await body.boundingBox();
    assert.ok(box);
    for (let y = 8; y < box.height && (await page.locator(".grid-row.lit").count()) === 0; y += 6) {
      await page.mouse.move(box.x + box.width / 2, box.y + y);
      await page.waitForTimeout(30);
    }
    await page.locator(".grid-row.lit").waitFor();
    await page.mouse.move(5, 5);
    await page.locator(".grid-row.lit").waitFor({ state: "detached" });
    assert.deepEqual(errors, []);
    await close();
  });

  test("a filter that lets nothing through says how many runs there are without it", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?q=params.lr = 'none'`);
    await page.getByText("No run matches. 3 runs without this filter.").waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("columns that the address misspells are said", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?cols=m:loss,loss`);
    await page.getByText("the columns “loss”").waitFor();
    await page.getByRole("columnheader", { name: "loss" }).waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("one number that is copied is copied whole", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${experiment}?view=table&cols=m:loss`);
    const number = page.locator(".grid-body .cell-metric .num").first();
    const full = await number.getAttribute("title");
    const copied = await number.evaluate((element) => {
      getSelection()?.selectAllChildren(element);
      const event = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), cancelable: true });
      window.dispatchEvent(event);
      return event.clipboardData?.getData("text/plain");
    });
    assert.equal(copied, full);
    assert.notEqual(copied, await number.innerText());
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
