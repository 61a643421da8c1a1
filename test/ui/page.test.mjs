import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findBrowser, linePixels, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const STEPS = 100;

describe("the page", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `fraud-${Date.now().toString(36)}`;
  const ids = { experiment: "", empty: "", done: "", live: "" };

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("a new server says how to send the first run, and opens it by itself", async (t) => {
    if (!server.isFresh) return t.skip("the server is not a new one");
    const { page, errors, close } = await openTab(browser);
    await page.goto(server.url);
    await page.getByRole("heading", { name: "No runs yet" }).waitFor();
    await picture(page, "first-visit-wide-light");
    const lines = await page.locator("pre").innerText();
    assert.ok(lines.startsWith(`export MLFLOW_TRACKING_URI=${server.url}\n`), lines);
    assert.equal(lines.split("\n").length, 2);
    const run = await createRun(server.url, { experiment: "0", name: "first", age: 0 });
    await page.waitForURL(`${server.url}/#/r/${run}`);
    await page.getByRole("heading", { name: "first" }).waitFor();
    await endRun(server.url, run, "FINISHED");
    assert.deepEqual(errors, []);
    await close();
  });

  test("runs can be logged for the pages to show", async () => {
    ids.experiment = await createExperiment(server.url, name);
    ids.empty = await createExperiment(server.url, `${name} with a name so long that it has to be cut somewhere`);
    for (const [i, lr] of [0.1, 0.01, 0.001].entries()) {
      const run = await createRun(server.url, {
        experiment: ids.experiment,
        name: `run-${lr}`,
        age: (i + 2) * 3_600_000,
      });
      await logTraining(server.url, run, { from: 0, to: STEPS - i * 20, lr });
      await endRun(server.url, run, i === 2 ? "FAILED" : "FINISHED");
      ids.done ||= run;
    }
    ids.live = await createRun(server.url, { experiment: ids.experiment, name: "run-live", age: 60_000 });
    await logTraining(server.url, ids.live, { from: 0, to: 40, lr: 0.02 });
  });

  const places = {
    home: () => ["/", "Experiments"],
    experiment: () => [`/e/${ids.experiment}`, name],
    "experiment-sorted": () => [`/e/${ids.experiment}?sort=metric:loss`, name],
    "experiment-empty": () => [`/e/${ids.empty}`, "with a name so long"],
    run: () => [`/r/${ids.done}`, "run-0.1"],
    "run-time": () => [`/r/${ids.done}?x=time`, "run-0.1"],
    "run-live": () => [`/r/${ids.live}`, "run-live"],
    details: () => [`/r/${ids.done}/details`, "run-0.1"],
    artifacts: () => [`/r/${ids.done}/artifacts`, "run-0.1"],
    nowhere: () => ["/nowhere", "No such page"],
  };
  // Every page on both screens and in both schemes, without paying for all four pairs.
  for (const { screen, scheme } of /** @type {const} */ ([
    { screen: "wide", scheme: "light" },
    { screen: "phone", scheme: "dark" },
  ])) {
    for (const [place, where] of Object.entries(places)) {
      test(`${place}, ${screen}, ${scheme}: opens without an error and fits`, async () => {
        const [path, heading] = where();
        const { page, errors, close } = await openTab(browser, { screen, scheme });
        await page.goto(`${server.url}/#${path}`);
        await page.getByRole("heading", { level: 1, name: heading }).waitFor();
        await page.waitForLoadState("networkidle");
        // Charts are drawn one a frame.
        await page.waitForTimeout(300);
        await picture(page, `${place}-${screen}-${scheme}`);
        const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(tooWide <= 0, `${tooWide} pixels too wide`);
        assert.equal(await page.getByRole("alert").count(), 0, "an error is shown");
        assert.deepEqual(errors, []);
        await close();
      });
    }
  }

  test("home counts runs, names the live ones, and filters", async () => {
    const { page, close } = await openTab(browser);
    await page.goto(server.url);
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await row.waitFor();
    assert.match(await row.innerText(), /\b4\b[\s\S]*\b1\b[\s\S]*run-live/);
    await page.getByRole("searchbox").fill("no such experiment");
    await page.getByText("No experiment matches.").waitFor();
    assert.match(page.url(), /#\/\?q=no/);
    await close();
  });

  test("a runs table has metrics and params as columns and sorts by a click", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${ids.experiment}`);
    const rows = page.locator("tbody tr");
    await rows.first().waitFor();
    const heads = await page.locator("thead th").allInnerTexts();
    for (const head of ["Run", "Status", "Started", "Duration", "loss", "val/auc", "lr"]) {
      assert.ok(
        heads.some((text) => text.startsWith(head)),
        `${head} among ${heads}`,
      );
    }
    assert.match(await rows.first().innerText(), /run-live/);
    await page.getByRole("button", { name: "loss", exact: true }).click();
    await page.waitForURL(/sort=-metric%3Aloss/);
    await page.locator('th[aria-sort="descending"]').filter({ hasText: "loss" }).waitFor();
    await page.waitForFunction(() => document.querySelector("tbody tr")?.textContent?.includes("run-live"));
    await page.getByRole("button", { name: "loss", exact: true }).click();
    await page.waitForFunction(() => document.querySelector("tbody tr")?.textContent?.includes("run-0.1"));
    assert.deepEqual(errors, []);
    await close();
  });

  test("each metric has a chart with a line in it, and NaN is counted", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/r/${ids.done}`);
    const charts = page.getByRole("figure");
    await page.getByRole("figure", { name: `train/loss, ${STEPS} points` }).waitFor();
    for (const key of ["loss", "train/loss", "val/auc"]) {
      const canvas = page.getByRole("figure", { name: new RegExp(`^${key},`) }).locator("canvas");
      await canvas.waitFor();
      await page.waitForTimeout(200);
      assert.ok((await linePixels(canvas)) > 200, `${key} is not drawn`);
    }
    const broken = charts.filter({ hasText: "train/loss" });
    assert.match(await broken.innerText(), /2 NaN/);
    await charts.first().locator(".u-over").hover();
    assert.match(await charts.first().innerText(), /step \d+/);
    await picture(page, "run-hover-wide-light");
    assert.deepEqual(errors, []);
    await close();
  });

  test("a live run's new points come by themselves", async () => {
    const { page, errors, close } = await openTab(browser);
    await page.goto(`${server.url}/#/r/${ids.live}`);
    await page.getByRole("figure", { name: /^loss, 40 points/ }).waitFor();
    await logTraining(server.url, ids.live, { from: 40, to: 55 });
    await page.getByRole("figure", { name: /^loss, 55 points, latest .* at step 54/ }).waitFor({ timeout: 15_000 });
    await page.getByText("step 54").waitFor();
    await endRun(server.url, ids.live, "FINISHED");
    await page.locator(".standing").getByText("Finished").waitFor({ timeout: 15_000 });
    assert.deepEqual(errors, []);
    await close();
  });

  test("what is not there says so, and can be tried again", async () => {
    const { page, close } = await openTab(browser);
    await page.goto(`${server.url}/#/r/${"0".repeat(32)}`);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(await alert.innerText(), /The run did not load\..*not found/);
    await alert.getByRole("button", { name: "Try again" }).waitFor();
    await picture(page, "run-missing-wide-light");
    await close();
  });

  test("a lost connection is said, keeps what is shown, and heals", async () => {
    const { page, close } = await openTab(browser);
    await page.goto(server.url);
    await page.getByText("Connected").waitFor();
    await page.getByRole("link", { name, exact: true }).waitFor();
    await page.route(/\/(ajax-api|version)/, (route) => route.abort());
    await page.getByText(/Connection lost/).waitFor({ timeout: 25_000 });
    await page.getByRole("link", { name, exact: true }).waitFor();
    await picture(page, "home-lost-wide-light");
    await page.unroute(/\/(ajax-api|version)/);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.getByText("Connected").waitFor();
    await close();
  });

  test("the keyboard reaches a run, and the focus can be seen", async () => {
    const { page, close } = await openTab(browser);
    await page.goto(`${server.url}/#/e/${ids.experiment}`);
    const link = page.getByRole("link", { name: "run-live" });
    await link.waitFor();
    for (let i = 0; i < 40 && !(await link.evaluate((element) => element === document.activeElement)); i++) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
      assert.equal(outline, "solid");
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`#/r/${ids.live}`));
    await close();
  });

  test("a first visit needs less than 90 KB of script", async () => {
    const { page, close } = await openTab(browser);
    /** @type {Promise<number>[]} */
    const scripts = [];
    page.on("response", (response) => {
      if (response.request().resourceType() === "script") scripts.push(response.body().then(gzippedSize));
    });
    await page.goto(server.url);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const sizes = await Promise.all(scripts);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(sizes.length > 0 && total < 90_000, `${total} bytes in ${sizes.length} scripts`);
    await close();
  });
});

/** @param {Buffer} body */
async function gzippedSize(body) {
  const { gzipSync } = await import("node:zlib");
  return gzipSync(body).length;
}
