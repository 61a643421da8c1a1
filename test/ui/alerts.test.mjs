/** What fires, at home and on charts, from runs that are watched while they log. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining, logValues, own, post } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
/** How long alerts may take on a slow machine. */
const SLOW = { timeout: 30_000 };

describe("what fires", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `prod-${Date.now().toString(36)}`;
  let experiment = "";
  let run = "";
  /** The next step to log. */
  let step = 0;

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
    experiment = await createExperiment(server.url, name);
    const done = await createRun(server.url, { experiment, name: "scorer-eu-2", age: 3_600_000 });
    await logTraining(server.url, done, { from: 0, to: 20 });
    await endRun(server.url, done, "FINISHED");
    run = await createRun(server.url, { experiment, name: "scorer-eu-3", age: 600_000 });
    await logTraining(server.url, run, { from: 0, to: 20 });
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

  /** @param {number[]} values */
  async function log(values) {
    await logValues(server.url, run, "latency_ms", values, step);
    step += values.length;
  }

  /** @param {object} monitor */
  const watch = (monitor) =>
    own(server.url, "POST", "monitors", {
      metric: "latency_ms",
      direction: "min",
      condition: { type: "threshold", value: 200 },
      cooldown_minutes: 0,
      ...monitor,
    });

  /** Alerts of the run, once there are as many in this state. @param {string} state @param {number} count */
  async function alertsOf(state, count) {
    const end = Date.now() + SLOW.timeout;
    for (;;) {
      const { alerts } = await own(server.url, "GET", `alerts?run_id=${run}&state=${state}`);
      if (alerts.length === count) return alerts;
      assert.ok(Date.now() < end, `${alerts.length} ${state}, not ${count}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }

  /** @param {import("playwright-core").Page} page @param {string} metric */
  const chart = (page, metric) => page.locator(`figure[data-metric="${metric}"]`);

  test("home says nothing of alerts where nothing is watched", async (t) => {
    if (!server.isFresh) return t.skip("the server is not a new one");
    const { page, errors, close } = await open("/");
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await row.waitFor();
    assert.match(await row.innerText(), /none/);
    assert.equal(await page.getByText("Firing now").count(), 0);
    assert.deepEqual(errors, []);
    await close();
  });

  test("where something is watched it says that nothing fired", async (t) => {
    if (!server.isFresh) return t.skip("the server is not a new one");
    await watch({ name: "latency above 200 ms", severity: "critical", scope: { experiment_id: experiment } });
    const elsewhere = { experiment_id: experiment, filter: "tags.env = 'elsewhere'" };
    await watch({ name: "elsewhere", scope: elsewhere, metric: "loss", condition: { type: "threshold", value: 7 } });
    const { page, errors, close } = await open("/");
    await page.getByText("Nothing fired in 30 days.").waitFor();
    await page.getByText("2 ok").waitFor();
    await picture(page, "home-watched-wide-light");
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(errors, []);
    await close();
  });

  test("an alert comes to a home that is open, and is acknowledged there", async (t) => {
    if (!server.isFresh) return t.skip("the server is not a new one");
    const { page, errors, close } = await open("/");
    await page.getByText("Nothing fired in 30 days.").waitFor();
    await log([...Array.from({ length: 40 }, (_, i) => 140 + (i % 7)), 231.4]);
    const firing = page.getByRole("region", { name: /Firing now/ });
    await firing.getByRole("link", { name: "latency above 200 ms" }).waitFor(SLOW);
    const text = await firing.innerText();
    for (const words of ["critical", name, "scorer-eu-3", "231.4", "limit 200"]) assert.ok(text.includes(words), text);
    await firing.locator("svg line").waitFor({ state: "attached" });
    await page.getByRole("table").getByText("1 firing", { exact: true }).waitFor();
    await firing.getByRole("button", { name: "Acknowledge" }).click();
    await firing.getByText("acknowledged").waitFor(SLOW);
    assert.equal(await firing.getByRole("button", { name: "Acknowledge" }).count(), 0);
    const [alert] = await alertsOf("firing", 1);
    assert.ok(alert.acknowledged_time > 0);
    assert.deepEqual(errors, []);
    await close();
  });

  test("on the run's page a firing chart comes first, wide, with its limit and its alert", async () => {
    await log([150]);
    await alertsOf("resolved", 1);
    await log([260]);
    const [alert] = await alertsOf("firing", 1);
    const { page, errors, close } = await open(`/r/${run}`);
    const first = page.locator("figure.chart").first();
    await first.locator(".state-firing").waitFor(SLOW);
    assert.equal(await first.getAttribute("data-metric"), "latency_ms");
    const wide = (await first.boundingBox())?.width ?? 0;
    const usual = (await chart(page, "loss").boundingBox())?.width ?? 0;
    assert.ok(wide > usual * 2, `${wide} beside ${usual}`);
    assert.match((await first.getAttribute("aria-label")) ?? "", /2 alerts/);
    assert.match((await chart(page, "loss").getAttribute("aria-label")) ?? "", /^(?!.*alert)/);
    await drawnRed(first.locator("canvas"), 500);
    // A filter that does not hold of the run draws nothing on it.
    assert.equal(await redPixels(chart(page, "loss").locator("canvas")), 0);
    await page.getByRole("link", { name: "Monitors 1", exact: true }).waitFor();
    const links = first.locator(".alert-link");
    await links.first().waitFor({ state: "attached" });
    assert.match((await links.last().getAttribute("title")) ?? "", /latency above 200 ms, critical, firing/);
    await links.last().click();
    await page.waitForURL(new RegExp(`#/monitors/${alert.monitor_id}\\?alert=${alert.alert_id}`));
    assert.deepEqual(errors, []);
    await close();
  });

  test("alerts come and go while the run is looked at, and a critical one is told at once", async () => {
    const { page, errors, close } = await open(`/r/${run}`);
    const latency = chart(page, "latency_ms");
    await latency.locator(".state-firing").waitFor(SLOW);
    await log([150]);
    await latency.locator(".state-firing").waitFor({ state: "detached", ...SLOW });
    // Where the reader looks nothing moves when it is over.
    assert.equal(await page.locator("figure.chart").first().getAttribute("data-metric"), "latency_ms");
    const news = page.locator('[aria-live="assertive"]');
    assert.equal(await news.innerText(), "");
    await log([300]);
    await latency.locator(".state-firing").waitFor(SLOW);
    await page.getByText("Critical: latency above 200 ms.").waitFor({ state: "attached", ...SLOW });
    assert.match((await latency.getAttribute("aria-label")) ?? "", /3 alerts/);
    assert.deepEqual(errors, []);
    await close();
  });

  test("a acknowledges, n and the chart's menu begin a monitor with what is known", async () => {
    const { page, errors, close } = await open(`/r/${run}`);
    const latency = chart(page, "latency_ms");
    await latency.locator(".state-firing").waitFor(SLOW);
    await latency.hover();
    await page.keyboard.press("a");
    await latency.locator(".state-firing", { hasText: "seen" }).waitFor(SLOW);
    const [alert] = await alertsOf("firing", 1);
    assert.ok(alert.acknowledged_time > 0);
    await chart(page, "val/auc").hover();
    await page.keyboard.press("n");
    await page.waitForURL(new RegExp(`#/monitors/new\\?scope=run:${run}&metric=val/auc&value=[0-9.]+$`));
    await page.goBack();
    await chart(page, "latency_ms").locator(".state-firing").waitFor(SLOW);
    await chart(page, "latency_ms").getByRole("button", { name: "More about latency_ms" }).click();
    await page.getByRole("button", { name: "New monitor" }).click();
    await page.waitForURL(new RegExp(`#/monitors/new\\?scope=run:${run}&metric=latency_ms`));
    await page.goBack();
    await chart(page, "loss").hover();
    await page.getByRole("button", { name: "Enlarge loss" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "New monitor" }).waitFor(SLOW);
    await page.keyboard.press("n");
    await page.waitForURL(new RegExp(`#/monitors/new\\?scope=run:${run}&metric=loss`));
    assert.deepEqual(errors, []);
    await close();
  });

  test("an experiment's charts have limits and alerts of the runs that are drawn", async () => {
    // Its keys are those that are published, which a search by a metric has done.
    await post(server.url, "runs/search", { experiment_ids: [experiment], filter: "metrics.latency_ms > 0" });
    const { page, errors, close } = await open(`/e/${experiment}?view=charts`);
    const latency = chart(page, "latency_ms");
    await latency.locator(".state-firing").waitFor(SLOW);
    assert.match((await latency.getAttribute("aria-label")) ?? "", /3 alerts/);
    await drawnRed(latency.locator("canvas"), 100);
    await latency.hover();
    await page.keyboard.press("n");
    await page.waitForURL(new RegExp(`#/monitors/new\\?scope=experiment:${experiment}&metric=latency_ms`));
    assert.deepEqual(errors, []);
    await close();
  });

  test("at home a acknowledges what nobody has seen", async () => {
    const again = async () => {
      await log([150]);
      await alertsOf("firing", 0);
      await log([280]);
      await alertsOf("firing", 1);
    };
    await again();
    const { page, errors, close } = await open("/");
    const firing = page.getByRole("region", { name: /Firing now/ });
    await firing.getByRole("button", { name: "Acknowledge" }).waitFor(SLOW);
    await page.keyboard.press("a");
    await firing.getByText("acknowledged").waitFor(SLOW);
    assert.deepEqual(errors, []);
    await close();
    // The screens below have one that nobody has seen.
    await again();
  });

  for (const { screen, scheme } of /** @type {const} */ ([
    { screen: "wide", scheme: "light" },
    { screen: "wide", scheme: "dark" },
    { screen: "phone", scheme: "light" },
    { screen: "phone", scheme: "dark" },
  ])) {
    for (const [place, path] of /** @type {const} */ ([
      ["home-firing", () => "/"],
      ["run-firing", () => `/r/${run}`],
      ["experiment-firing", () => `/e/${experiment}?view=charts`],
    ])) {
      test(`${place}, ${screen}, ${scheme}: fits, and axe finds nothing`, async () => {
        const { page, errors, close } = await open(path(), { screen, scheme });
        await page
          .locator(place === "home-firing" ? ".firing-row" : "figure .state-firing")
          .first()
          .waitFor(SLOW);
        // Charts are drawn one a frame.
        await page.waitForTimeout(700);
        await picture(page, `${place}-${screen}-${scheme}`);
        const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(tooWide <= 0, `${tooWide} pixels too wide`);
        assert.deepEqual(await findings(page), []);
        assert.deepEqual(errors, []);
        await close();
      });
    }
  }
});

/**
 * Waits until a limit is drawn.
 * @param {import("playwright-core").Locator} canvas
 * @param {number} pixels at least
 */
async function drawnRed(canvas, pixels) {
  for (const end = Date.now() + SLOW.timeout; ; ) {
    const count = await redPixels(canvas);
    if (count > pixels) return;
    assert.ok(Date.now() < end, `${count} red pixels`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/**
 * How many pixels of a chart have been painted in the colour of limits.
 * @param {import("playwright-core").Locator} canvas
 * @returns {Promise<number>}
 */
async function redPixels(canvas) {
  return canvas.evaluate((/** @type {HTMLCanvasElement} */ element) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--red)";
    const want = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
    probe.remove();
    const context = element.getContext("2d");
    if (!context) return 0;
    const { data } = context.getImageData(0, 0, element.width, element.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const isRed = want.every((channel, c) => Math.abs((data[i + c] ?? 0) - channel) < 20);
      if (isRed && (data[i + 3] ?? 0) > 200) count += 1;
    }
    return count;
  });
}
