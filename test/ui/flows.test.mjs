import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, linePixels, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining, post, putArtifact } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const STEPS = 100;

describe("what a reader does", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `flows-${Date.now().toString(36)}`;
  /** @type {string[]} */
  const done = [];
  let experiment = "";
  let live = "";

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
    experiment = await createExperiment(server.url, name);
    for (const [i, lr] of [0.1, 0.01, 0.001].entries()) {
      const run = await createRun(server.url, { experiment, name: `run-${lr}`, age: (i + 2) * 3_600_000 });
      await logTraining(server.url, run, { from: 0, to: STEPS - i * 20, lr });
      await endRun(server.url, run, i === 2 ? "FAILED" : "FINISHED");
      done.push(run);
    }
    live = await createRun(server.url, { experiment, name: "run-live", age: 60_000 });
    await logTraining(server.url, live, { from: 0, to: 40, lr: 0.02 });
    await putArtifact(server.url, experiment, String(done[0]), "notes.txt", "one\ntwo\n");
    await putArtifact(server.url, experiment, String(done[0]), "deep/er/config.json", '{"a":1}');
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** @param {string} path @param {Parameters<typeof openTab>[1]} [options] */
  async function open(path, options) {
    const tab = await openTab(browser, options);
    await tab.page.goto(`${server.url}/#${path}`);
    return tab;
  }

  test("home counts runs, names the live ones, and filters", async () => {
    const { page, errors, close } = await open("/");
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await row.waitFor();
    assert.match(await row.innerText(), /\b4\b[\s\S]*\b1\b[\s\S]*val\/auc/);
    await page.getByRole("link", { name: "run-live" }).first().waitFor();
    await page.getByRole("searchbox").fill("no such experiment");
    await page.getByText("No experiment matches.").waitFor();
    assert.match(page.url(), /#\/\?q=no/);
    assert.deepEqual(errors, []);
    await close();
  });

  test("a baseline is set in the table, undone, and shows differences everywhere", async () => {
    const { page, errors, close } = await open(`/e/${experiment}`);
    await page.getByText("Pick the run to beat.").waitFor();
    const row = page.getByRole("row").filter({ hasText: "run-0.1" });
    await row.click({ position: { x: 300, y: 10 } });
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.getByRole("button", { name: "Use the best run" }).click();
    await page.getByText(/is the baseline\./).waitFor();
    await page.getByRole("link", { name: /^Baseline run-/ }).waitFor();
    await page.getByRole("columnheader", { name: "vs base" }).waitFor();
    await page.locator(".grid .delta").first().waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Pick the run to beat.").waitFor();
    await page.goto(`${server.url}/#/r/${done[0]}`);
    await page.getByRole("button", { name: "Set as baseline" }).click();
    await page.getByText("run-0.1 is the baseline.").waitFor();
    await page.goto(`${server.url}/#/r/${live}`);
    await page.getByText("Latest against baseline").waitFor();
    await page.locator(".rail .delta").first().waitFor();
    await page.goto(`${server.url}/#/compare?runs=${live},${done[1]}`);
    await page.locator(".compare .delta").first().waitFor();
    await page.goto(server.url);
    const home = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await home.locator(".delta").waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("the table sorts by a click, twice by shift, and keeps it in the address", async () => {
    const { page, errors, close } = await open(`/e/${experiment}?cols=m:loss,m:val/auc,p:lr`);
    const names = () => page.locator(".grid-body .row-name").allInnerTexts();
    await page.locator(".grid-body .row-name").first().waitFor();
    assert.equal((await names())[0], "run-live");
    await page.getByRole("button", { name: "loss", exact: true }).click();
    await page.waitForURL(/sort=-m:loss/);
    await page.locator('[role="columnheader"][aria-sort="descending"]').filter({ hasText: "loss" }).waitFor();
    await page.getByRole("button", { name: /^loss/ }).click();
    await page.waitForURL(/sort=m:loss/);
    await page.getByRole("button", { name: "lr", exact: true }).click({ modifiers: ["Shift"] });
    await page.waitForURL(/sort=m:loss,p:lr/);
    await page.reload();
    await page.locator('[role="columnheader"][aria-sort="ascending"]').first().waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("the filter completes, says where it is wrong, and filters", async () => {
    const { page, errors, close } = await open(`/e/${experiment}`);
    const input = page.getByRole("combobox", { name: "Filter runs" });
    await page.locator(".grid-body .row-name").first().waitFor();
    await page.keyboard.press("/");
    await input.pressSequentially("auc");
    await page.getByRole("option", { name: /metrics\.`val\/auc`/ }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await input.inputValue(), "metrics.`val/auc` ");
    await input.pressSequentially("> 0.9 and tgs.x");
    await page.getByText("Column 29: unknown kind “tgs”. Did you mean tags?").waitFor();
    await picture(page, "filter-error-wide-light");
    assert.deepEqual(await findings(page), []);
    await input.fill("params.lr = ");
    await page.getByRole("option", { name: /'0\.1'/ }).waitFor();
    await input.fill("params.lr = '0.1'");
    await page.getByText(/1 of \d+ · /).waitFor();
    await page.waitForURL(/q=params\.lr/);
    await input.fill("params.lr = 'none such'");
    await page.getByText("No run matches.").waitFor();
    await page.getByRole("button", { name: "Clear last" }).click();
    await page.getByText("run-live").first().waitFor();
    await input.fill("run-0.01");
    await page.keyboard.press("Enter");
    await page.getByText(/1 of \d+ · /).waitFor();
    assert.equal(await input.inputValue(), "run_name ILIKE '%run-0.01%'");
    assert.deepEqual(errors, []);
    await close();
  });

  test("columns, groups, values and views", async () => {
    const { page, errors, close } = await open(`/e/${experiment}?view=table`);
    await page.locator(".grid-body .row-name").first().waitFor();
    await page.getByRole("button", { name: /^Columns/ }).click();
    await page.getByRole("searchbox", { name: "Find a column" }).fill("train/loss");
    await page.getByRole("checkbox", { name: /^train\/loss metric/ }).check();
    assert.deepEqual(await findings(page), []);
    await picture(page, "columns-wide-light");
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: /train\/loss/ }).waitFor();
    await page.getByRole("button", { name: "Last value" }).click();
    await page.getByRole("button", { name: "Best value" }).click();
    await page.waitForURL(/agg=best/);
    await page.getByRole("button", { name: "Group" }).click();
    await page.locator(".menu").getByRole("button", { name: /^lr/ }).click();
    await page.waitForURL(/group=p:lr/);
    const group = page.getByRole("row").filter({ hasText: "0.001" });
    await group.getByRole("button").first().click();
    await page.getByText("run-0.001").waitFor();
    await page.getByRole("button", { name: "Saved views" }).click();
    await page.getByRole("textbox", { name: "Name of the view" }).fill("By rate");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("link", { name: "By rate" }).waitFor();
    await page.keyboard.press("Escape");
    await page.goto(`${server.url}/#/e/${experiment}`);
    await page.getByRole("button", { name: "Saved views" }).click();
    await page.getByRole("link", { name: "By rate" }).click();
    await page.waitForURL(/group=p:lr/);
    assert.deepEqual(errors, []);
    await close();
  });

  test("rows that a live value would move wait until they are sorted again", async () => {
    const sorted = await createExperiment(server.url, `sorted-${Date.now().toString(36)}`);
    const log = (/** @type {string} */ run, /** @type {number} */ value, step = 0) =>
      post(server.url, "runs/log-batch", {
        run_id: run,
        metrics: [{ key: "loss", value, step, timestamp: Date.now() }],
      });
    for (const [run, value] of [
      ["first", 0.3],
      ["second", 0.5],
    ]) {
      const id = await createRun(server.url, { experiment: sorted, name: String(run), age: 3_600_000 });
      await log(id, Number(value));
      await endRun(server.url, id, "FINISHED");
    }
    const moving = await createRun(server.url, { experiment: sorted, name: "moving", age: 60_000 });
    await log(moving, 0.9);
    const { page, errors, close } = await open(`/e/${sorted}?view=table&cols=m:loss&sort=m:loss`);
    const names = () => page.locator(".grid-body .row-name").allInnerTexts();
    await page.getByText("3 runs").waitFor();
    assert.deepEqual(await names(), ["first", "second", "moving"]);
    // The page's line to the run is open once it shows a value that came after.
    await log(moving, 0.1, 1);
    const again = page.getByRole("button", { name: "1 new position, sort again" });
    await again.waitFor();
    assert.deepEqual(await names(), ["first", "second", "moving"]);
    assert.deepEqual(await findings(page), []);
    await picture(page, "experiment-positions-light");
    await again.click();
    await page.locator(".grid-body .grid-row").first().getByText("moving").waitFor();
    await again.waitFor({ state: "detached" });
    assert.deepEqual(await names(), ["moving", "first", "second"]);
    await endRun(server.url, moving, "FINISHED");
    assert.deepEqual(errors, []);
    await close();
  });

  test("a phone shows the columns it has no room for in a sheet", async () => {
    const { page, errors, close } = await open(`/e/${experiment}?view=table&cols=m:loss,m:val/auc,p:lr,a:user`, {
      screen: "phone",
    });
    await page.getByRole("button", { name: "All columns of run-0.01" }).tap();
    const sheet = page.getByRole("dialog", { name: "run-0.01" });
    await sheet.getByText("val/auc").waitFor();
    await sheet.getByRole("button", { name: "0.01", exact: true }).waitFor();
    assert.deepEqual(await findings(page), []);
    await picture(page, "experiment-sheet-phone-light");
    await sheet.getByRole("link", { name: "Open run" }).tap();
    await page.waitForURL(new RegExp(`#/r/${done[1]}`));
    assert.deepEqual(errors, []);
    await close();
  });

  test("the keyboard goes through the runs, draws, compares and opens", async () => {
    const { page, errors, close } = await open(`/e/${experiment}`);
    await page.locator(".grid-body .row-name").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.locator(".grid-row.active").filter({ hasText: "run-live" }).waitFor();
    await page.keyboard.press("x");
    await page.waitForURL(/on=/);
    await page.keyboard.press("3");
    await page.waitForURL(/view=charts/);
    await page.keyboard.press("1");
    await page.waitForURL(/view=table/);
    await page.getByRole("grid").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`#/r/${live}`));
    await page.getByRole("heading", { name: "run-live" }).waitFor();
    await page.keyboard.press("s");
    await page.waitForURL(/x=time/);
    await page.keyboard.press("]");
    await page.waitForURL(/s=0\.05/);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Experiment/ }).fill(name);
    await page
      .getByRole("option", { name: new RegExp(name) })
      .first()
      .waitFor();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`#/e/${experiment}`));
    assert.deepEqual(errors, []);
    await close();
  });

  test("each metric has a chart with a line in it; NaN is counted; the cursor reads all of them", async () => {
    const { page, errors, close } = await open(`/r/${done[0]}`);
    await page.getByRole("figure", { name: new RegExp(`^train/loss, ${STEPS} points`) }).waitFor();
    for (const key of ["loss", "train/loss", "val/auc"]) {
      const canvas = page.getByRole("figure", { name: new RegExp(`^${key},`) }).locator("canvas");
      await canvas.waitFor();
      await page.waitForTimeout(200);
      assert.ok((await linePixels(canvas)) > 100, `${key} is not drawn`);
    }
    assert.match(await page.getByRole("figure", { name: /^train\/loss/ }).innerText(), /2 NaN/);
    const chart = page.getByRole("figure", { name: /^loss,/ });
    await chart.locator(".u-over").hover();
    await chart.getByText("step").waitFor();
    await picture(page, "run-hover-wide-light");
    const box = await chart.locator(".u-over").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width / 4, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/z=/);
    await page.keyboard.press("0");
    await page.waitForFunction(() => !location.hash.includes("z="));
    assert.deepEqual(errors, []);
    await close();
  });

  test("a chart is enlarged, walked by arrows, shown as a table and saved", async () => {
    const { page, errors, close } = await open(`/r/${done[0]}`);
    await page.getByRole("button", { name: "Enlarge val/auc" }).click();
    const dialog = page.getByRole("dialog", { name: "val/auc" });
    await dialog.locator("canvas").waitFor();
    await page.waitForTimeout(300);
    await picture(page, "chart-wide-light");
    assert.deepEqual(await findings(page), []);
    const png = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save PNG" }).click();
    const file = readFileSync(await (await png).path());
    assert.deepEqual([...file.subarray(1, 4)], [0x50, 0x4e, 0x47]);
    const csv = page.waitForEvent("download");
    await dialog.getByRole("link", { name: "Save CSV" }).click();
    const lines = readFileSync(await (await csv).path(), "utf8")
      .trim()
      .split("\n");
    assert.ok(lines.length >= STEPS + 1, `${lines.length} lines`);
    await dialog.getByRole("button", { name: "Table" }).click();
    assert.ok((await dialog.getByRole("row").count()) > 50);
    assert.deepEqual(errors, []);
    await close();
  });

  test("each point of a live run comes to the screen as it is acknowledged", async (t) => {
    const { page, errors, close } = await open(`/r/${live}`);
    const figure = page.locator('figure[data-points="40"]').first();
    await figure.waitFor();
    await page.getByText("Live", { exact: true }).first().waitFor();
    await page.waitForTimeout(600);
    /** @type {number[]} */
    const waits = [];
    for (let step = 40; step < 46; step++) {
      const seen = page.evaluate(
        (points) =>
          new Promise((resolve) => {
            const look = () => {
              if (document.querySelector(`figure[data-points="${points}"]`)) resolve(Date.now());
              else requestAnimationFrame(look);
            };
            look();
          }),
        step + 1,
      );
      await post(server.url, "runs/log-metric", {
        run_id: live,
        key: "loss",
        value: 1 / step,
        timestamp: Date.now(),
        step,
      });
      const acknowledged = Date.now();
      waits.push(Number(await seen) - acknowledged);
      await page.waitForTimeout(400);
    }
    t.diagnostic(`${waits} ms after the acknowledgement`);
    await logTraining(server.url, live, { from: 46, to: 60 });
    await page
      .locator(".standing")
      .getByText(/step 59/)
      .waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("a line that is lost comes back, without a gap or a repeat", async () => {
    const { page, close } = await open(`/r/${live}`);
    await page
      .locator(".standing")
      .getByText(/step 59/)
      .waitFor();
    await page.context().setOffline(true);
    await logTraining(server.url, live, { from: 60, to: 70 });
    await page.context().setOffline(false);
    await page
      .locator(".standing")
      .getByText(/step 69/)
      .waitFor({ timeout: 30_000 });
    await page.locator('figure[aria-label^="val/auc, 64 points"]').waitFor();
    await close();
  });

  test("a metric that a live run logs for the first time gets its chart in the experiment", async () => {
    const { page, errors, close } = await open(`/e/${experiment}?view=charts&on=${live}`);
    await page.locator('figure[aria-label^="loss,"]').waitFor();
    await page.getByText("Live", { exact: true }).first().waitFor();
    const key = `late-${Date.now().toString(36)}`;
    for (const step of [1, 2]) {
      const timestamp = Date.now();
      await post(server.url, "runs/log-metric", { run_id: live, key, value: step, timestamp, step });
      await page.locator(`figure[aria-label^="${key},"][data-points="${step}"]`).waitFor();
    }
    assert.deepEqual(errors, []);
    await close();
  });

  test("tags are added, refused in place, and taken away; a run is deleted and restored", async () => {
    const { page, close } = await open(`/r/${done[1]}/details`);
    await page.getByRole("button", { name: "Add tag" }).click();
    await page.getByRole("textbox", { name: "Tag name" }).fill("stage/\u0007");
    await page.getByRole("textbox", { name: "Tag value" }).fill("x");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await page.getByRole("textbox", { name: "Tag name" }).fill("stage");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Remove stage" }).click();
    await page.getByRole("button", { name: "Remove stage" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "More about this run" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("This run is deleted.").waitFor();
    await page.getByRole("button", { name: "Restore" }).click();
    await page.getByText("This run is deleted.").waitFor({ state: "detached" });
    await close();
  });

  test("artifacts are looked into, and a folder is downloaded", async () => {
    const { page, errors, close } = await open(`/r/${done[0]}/artifacts`);
    await page.getByRole("button", { name: /notes\.txt/ }).click();
    await page.getByText("one\ntwo").waitFor();
    await page.getByRole("button", { name: "deep/" }).click();
    await page.getByRole("button", { name: "er/" }).click();
    await page.getByRole("button", { name: /config\.json/ }).click();
    await page.getByText('"a": 1').waitFor();
    const tar = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download all" }).first().click();
    assert.match(readFileSync(await (await tar).path(), "latin1"), /notes\.txt[\s\S]*ustar/);
    assert.deepEqual(errors, []);
    await close();
  });

  test("the theme is chosen and kept", async () => {
    const { page, errors, close } = await open("/settings");
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundImage);
    const before = await background();
    await page.getByRole("button", { name: "Dark" }).click();
    assert.notEqual(await background(), before);
    await page.reload();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    assert.notEqual(await background(), before);
    assert.deepEqual(errors, []);
    await close();
  });

  test("the addresses that MLflow prints lead to the run", async () => {
    const { page, close } = await open(`/experiments/${experiment}/runs/${live}`);
    await page.waitForURL(new RegExp(`#/r/${live}`));
    await close();
  });
});
