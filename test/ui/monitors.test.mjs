import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, own, post } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const MINUTE = 60_000;

describe("monitors", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `watched-${Date.now().toString(36)}`;
  let experiment = "";
  let run = "";
  let started = 0;

  /** Latencies a minute apart around 150; the first is `from` minutes after the run began. */
  const log = (/** @type {number[]} */ values, /** @type {number} */ from) =>
    post(server.url, "runs/log-batch", {
      run_id: run,
      metrics: values.flatMap((value, i) => [
        { key: "latency_ms", value, step: from + i, timestamp: started + (from + i) * MINUTE },
        { key: "score", value: (i * 7) % 10, step: from + i, timestamp: started + (from + i) * MINUTE },
      ]),
    });

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
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

  /**
   * Waits until a question has the answer.
   * @param {() => Promise<unknown>} ask
   * @param {unknown} answer
   */
  async function until(ask, answer) {
    for (let left = 100; left > 0 && (await ask()) !== answer; left--)
      await new Promise((done) => setTimeout(done, 50));
    assert.equal(await ask(), answer);
  }

  /** @param {import("playwright-core").Page} page */
  const would = (page) => page.locator(".would");

  test("without any, the page says how to make one", async (t) => {
    if (!server.isFresh) return t.skip("the server is not a new one");
    const { page, errors, close } = await open("/monitors");
    await page.getByText("Open a chart, press n, drag the line to the value you care about.").waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole("link", { name: "New monitor" }).click();
    await page.getByRole("heading", { level: 1, name: "New monitor" }).waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("a run is logged: calm, two spells above 200, calm", async () => {
    experiment = await createExperiment(server.url, name);
    run = await createRun(server.url, { experiment, name: "scorer", age: 200 * MINUTE });
    started = Date.now() - 150 * MINUTE;
    const values = Array.from({ length: 120 }, (_, i) => 150 + ((i * 13) % 20) - 10);
    for (const at of [40, 41, 42, 43]) values[at] = 230;
    for (const at of [90, 91]) values[at] = 260;
    await log(values, 0);
  });

  test("the form tells what would have fired, by value, by arrows and by hand", async () => {
    const { page, errors, close } = await open(`/monitors/new?scope=run:${run}&metric=latency_ms&value=200`);
    /** @type {number[]} */
    const asked = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/monitors/preview")) asked.push(request.postDataJSON().condition.value);
    });
    await would(page).getByText("Would have fired 2 times in the last 24 h").waitFor();
    assert.match(await would(page).innerText(), /6 min in breach/);
    await until(() => page.locator(".alert-mark").count(), 2);
    const value = page.getByRole("textbox", { name: "Value" });
    const slider = page.getByRole("slider", { name: "Threshold" });
    await until(() => slider.getAttribute("aria-valuenow"), "200");

    await value.fill("240");
    await would(page).getByText("Would have fired 1 time in the last 24 h").waitFor();
    await until(() => slider.getAttribute("aria-valuenow"), "240");

    // The axis spans some 120: a nice step is 1.
    await slider.focus();
    await page.keyboard.press("ArrowUp");
    await until(() => value.inputValue(), "241");
    await page.keyboard.press("Shift+ArrowDown");
    await until(() => value.inputValue(), "231");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await would(page).getByText("Would have fired 2 times").waitFor();

    // By hand to the top, above all values; on the way nobody is asked about every pixel
    asked.length = 0;
    const box = await slider.boundingBox();
    assert.ok(box && box.height >= 24, "the handle is 24 pixels high");
    await page.mouse.move(box.x + 10, box.y + 12);
    await page.mouse.down();
    for (let i = 1; i <= 20; i++) await page.mouse.move(box.x + 10, box.y + 12 - i * 20);
    await page.mouse.up();
    await would(page).getByText("Would have fired 0 times").waitFor();
    const dragged = Number(await value.inputValue());
    assert.ok(dragged > 260, `dragged to ${dragged}`);
    assert.equal(asked.at(-1), dragged);
    assert.ok(asked.length < 20, `asked ${asked.length} times in a drag of 20 moves`);
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(errors, []);
    await close();
  });

  test("an answer to an older rule is dropped", async () => {
    const { page, close } = await open(`/monitors/new?scope=run:${run}&metric=latency_ms&value=200`);
    await would(page).getByText("Would have fired 2 times").waitFor();
    let held = 0;
    await page.route("**/monitors/preview", async (route) => {
      // The answer to 240 comes after the one to 500
      if (route.request().postDataJSON().condition.value === 240) {
        held += 1;
        await new Promise((done) => setTimeout(done, 1500));
      }
      await route.continue().catch(() => undefined);
    });
    const value = page.getByRole("textbox", { name: "Value" });
    const first = page.waitForRequest((request) => request.url().endsWith("/monitors/preview"));
    await value.fill("240");
    await first;
    await value.fill("500");
    await would(page).getByText("Would have fired 0 times").waitFor();
    await page.waitForTimeout(1800);
    assert.equal(held, 1);
    assert.match(await would(page).innerText(), /Would have fired 0 times/);
    await close();
  });

  test("what is missing or refused is said beside its field", async () => {
    const { page, errors, close } = await open(`/monitors/new?scope=run:${run}&metric=latency_ms&value=200`);
    const save = page.getByRole("button", { name: "Create monitor" });
    const value = page.getByRole("textbox", { name: "Value" });
    await value.fill("many");
    await save.click();
    await page.locator(".rule-sentence + [role=alert]").waitFor();
    await until(() => value.getAttribute("aria-invalid"), "true");
    await value.fill("200");
    await until(() => page.getByRole("alert").count(), 0);

    await page.getByRole("button", { name: "Add a webhook" }).click();
    await page.getByRole("textbox", { name: "Address of target 1" }).fill("ftp://example.com/");
    await save.click();
    const told = page.getByRole("group", { name: "Tell" });
    await told.getByRole("alert").getByText("Invalid webhook URL scheme").waitFor();
    await picture(page, "monitor-refused-wide-light");

    await page.getByRole("button", { name: "Drift" }).click();
    await page.getByRole("textbox", { name: "Window", exact: true }).fill("3");
    await page.locator(".rule-sentence + [role=alert]").getByText("a drift needs a window").waitFor();
    assert.equal(
      errors.filter((text) => !/400/.test(text)).join("\n"),
      "",
      "refused calls are the only errors of the page",
    );
    await close();
  });

  test("a monitor is made, fires before the reader's eyes, and is seen, ended, muted, changed and removed", async () => {
    const { page, errors, close } = await open(`/monitors/new?scope=experiment:${experiment}&metric=latency_ms`);
    await would(page).getByText("Would have fired").waitFor();
    await page.getByRole("textbox", { name: "Value" }).fill("300");
    await page.getByRole("combobox", { name: "Severity" }).selectOption("critical");
    await page.getByRole("textbox", { name: "Name" }).fill("too slow");
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.waitForURL(/#\/monitors\/[0-9a-f]{32}$/);
    const id = String(/[0-9a-f]{32}$/.exec(page.url())?.[0]);
    const row = page.getByRole("row").filter({ hasText: "too slow" });
    // Each row has its state twice, one for wide screens, one for phones
    const state = (/** @type {RegExp} */ text) =>
      row.locator(".monitor-state:visible").filter({ hasText: text }).waitFor();
    await state(/^ok$/);
    assert.match(await row.innerText(), /latency_ms is above 300/);
    await row.getByText(name).waitFor();
    if (server.isFresh) assert.equal(await page.locator(".firing-count").count(), 0, "nothing fires yet");
    const made = await own(server.url, "GET", `monitors/${id}`);
    assert.deepEqual(made.condition, { type: "threshold", value: 300 });
    assert.deepEqual(made.scope, { experiment_id: experiment });

    await log([155, 350], 120);
    const alerts = page.locator(".alerts-panel");
    await alerts.getByText("350 > 300").waitFor();
    await page.locator("figure.monitor-chart[data-points='122']").waitFor();
    await state(/^firing/);
    await page
      .getByRole("navigation", { name: "Places", exact: true })
      .getByText(/^\d+ firing$/)
      .waitFor();
    await picture(page, "monitor-firing-wide-light");

    // Seen: who and what is known
    await page.keyboard.press("a");
    await page.getByRole("form", { name: "Acknowledge too slow" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("form", { name: "Acknowledge too slow" }).waitFor({ state: "detached" });
    const entry = alerts.getByRole("button", { name: /too slow/ });
    await entry.click();
    const facts = alerts.locator(".facts");
    await facts.getByText("scorer").waitFor();
    assert.match(
      (await facts.innerText()).replaceAll("\n", " "),
      /Value 350 Limit 300 Window 1 point, step 121 to 121/,
    );
    await alerts.getByRole("button", { name: "Acknowledge" }).click();
    await alerts.getByRole("textbox", { name: "Who" }).fill("ana");
    await alerts.getByRole("textbox", { name: "Note" }).fill("a bad node");
    assert.deepEqual(await findings(page), []);
    await alerts.getByRole("button", { name: "Acknowledge" }).click();
    await entry.getByText(/acknowledged by ana/).waitFor();
    const [alert] = (await own(server.url, "GET", `alerts?monitor_id=${id}`)).alerts;
    assert.deepEqual([alert.acknowledged_by, alert.note, alert.state], ["ana", "a bad node", "firing"]);

    // Ended by hand
    await alerts.getByRole("button", { name: "Resolve" }).click();
    await entry.getByText(/resolved by hand.*acknowledged by ana/).waitFor();
    await state(/^ok$/);
    if (server.isFresh) await page.locator(".firing-count").first().waitFor({ state: "detached" });

    // Muted
    await page.getByRole("button", { name: "Mute" }).click();
    await page.getByRole("button", { name: "8 hours" }).click();
    await state(/^muted until/);
    const { muted_until } = await own(server.url, "GET", `monitors/${id}`);
    assert.ok(Math.abs(muted_until - Date.now() - 480 * MINUTE) < 5 * MINUTE);
    await page.getByRole("button", { name: "Unmute" }).click();
    await state(/^ok$/);

    // Switched off and on
    await page.getByRole("button", { name: "More about this monitor" }).click();
    await page.getByRole("button", { name: "Disable" }).click();
    await state(/^off$/);
    await page.getByRole("button", { name: "More about this monitor" }).click();
    await page.getByRole("button", { name: "Enable" }).click();
    await state(/^ok$/);

    // Changed
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByRole("heading", { level: 1, name: "Edit monitor" }).waitFor();
    await page.getByRole("combobox", { name: "Aggregate" }).selectOption("p95");
    await page.getByRole("textbox", { name: "Window", exact: true }).fill("10");
    await page.getByRole("textbox", { name: "Windows in a row" }).fill("2");
    await page.getByRole("button", { name: "Save" }).click();
    await row.getByText("p95 of").waitFor();
    assert.match(await row.innerText(), /p95 of latency_ms over 10 min is above 300, 2 times in a row/);

    // Removed, once that is confirmed
    await page.getByRole("button", { name: "More about this monitor" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("all of its alerts stay").waitFor();
    assert.deepEqual(await findings(page), []);
    await dialog.getByRole("button", { name: "Delete monitor" }).click();
    await page.waitForURL(/#\/monitors$/);
    await row.waitFor({ state: "detached" });
    await alerts.getByText("resolved by hand", { exact: false }).waitFor();
    assert.deepEqual((await own(server.url, "GET", `monitors?experiment_id=${experiment}`)).monitors, []);

    // What is over is still found by its address
    await page.goto(`${server.url}/#/monitors?alerts=open&alert=${alert.alert_id}`);
    await alerts.getByText("a bad node").waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  test("every kind can be made by its sentence", async () => {
    /** @type {[kind: string, fill: (page: import("playwright-core").Page) => Promise<void>, condition: object][]} */
    const kinds = [
      [
        "Baseline",
        async (page) => {
          await page.getByRole("textbox", { name: "Margin" }).fill("12.5");
          await page.getByRole("combobox", { name: "Baseline" }).selectOption("trailing");
          await page.getByRole("textbox", { name: "Span before" }).fill("30");
        },
        { type: "baseline", baseline: { trailing: { points: 30 } }, margin: 0.125, relative: true },
      ],
      [
        "Change",
        async (page) => {
          await page.getByRole("textbox", { name: "Deviations" }).fill("6");
          await page.getByRole("combobox", { name: "Points before: unit" }).selectOption("h");
          await page.getByRole("textbox", { name: "Points before" }).fill("1");
        },
        { type: "change", z: 6, trailing: { minutes: 60 } },
      ],
      [
        "Drift",
        async (page) => {
          await page.getByRole("combobox", { name: "Test" }).selectOption("psi");
          await page.getByRole("textbox", { name: "Limit" }).fill("0.3");
        },
        { type: "drift", test: "psi", baseline: { experiment: true }, limit: 0.3, bins: 10 },
      ],
      [
        "Silence",
        async (page) => page.getByRole("textbox", { name: "How long" }).fill("300"),
        { type: "silence", minutes: 300 },
      ],
    ];
    for (const [kind, fill, condition] of kinds) {
      const { page, errors, close } = await open(`/monitors/new?scope=run:${run}&metric=score`);
      await page.getByRole("button", { name: kind, exact: true }).click();
      await fill(page);
      await page.getByRole("button", { name: "Create monitor" }).click();
      await page.waitForURL(/#\/monitors\/[0-9a-f]{32}$/);
      const id = String(/[0-9a-f]{32}$/.exec(page.url())?.[0]);
      const made = await own(server.url, "GET", `monitors/${id}`);
      assert.deepEqual(made.condition, condition);
      assert.deepEqual(made.scope, { run_id: run });
      // What is saved unchanged stays what it was
      await page.goto(`${server.url}/#/monitors/${id}/edit`);
      await page.getByRole("button", { name: "Save" }).click();
      await page.waitForURL(/#\/monitors\/[0-9a-f]{32}$/);
      const { updated_time: _, ...saved } = await own(server.url, "GET", `monitors/${id}`);
      const { updated_time: __, ...before } = made;
      assert.deepEqual(saved, before);
      assert.deepEqual(errors, []);
      await close();
    }
  });

  test("the list is walked by keys, filtered, and nothing in it jumps", async () => {
    const { page, errors, close } = await open("/monitors");
    await page.locator(".monitor-selected").waitFor();
    await page.getByRole("button", { name: "Mute" }).waitFor();
    const chosen = () => page.locator(".monitor-selected .row-name").innerText();
    const first = await chosen();
    await page.keyboard.press("j");
    await page.waitForURL(/#\/monitors\/[0-9a-f]{32}$/);
    await page.waitForFunction(
      (was) => document.querySelector(".monitor-selected .row-name")?.textContent !== was,
      first,
    );
    await page.keyboard.press("k");
    await page.waitForFunction(
      (was) => document.querySelector(".monitor-selected .row-name")?.textContent === was,
      first,
    );
    await page.keyboard.press("/");
    const all = await page.locator(".monitor-row").count();
    await page.keyboard.type("score drifts");
    await page.getByRole("link", { name: "score is silent" }).waitFor({ state: "detached" });
    assert.match(page.url(), /q=score\+drifts/);
    await page.getByRole("searchbox").fill("no such thing");
    await page.getByText(`No monitor matches. ${all} monitors without this filter.`).waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await until(() => page.locator(".monitor-row").count(), all);
    const shift = await page.evaluate(
      () =>
        new Promise((done) => {
          new PerformanceObserver((list) => {
            const shifts = /** @type {{ value: number, hadRecentInput: boolean }[]} */ (
              /** @type {unknown} */ (list.getEntries())
            );
            done(shifts.filter(({ hadRecentInput }) => !hadRecentInput).reduce((sum, { value }) => sum + value, 0));
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(0), 500);
        }),
    );
    assert.ok(Number(shift) < 0.02, `layout shift ${shift}`);
    assert.deepEqual(errors, []);
    await close();
  });

  test("a run has a tab of what watches it", async () => {
    const { page, errors, close } = await open(`/r/${run}/monitors`);
    await page.getByRole("heading", { name: "Monitors of this run" }).waitFor();
    await page.locator(".monitor-row").nth(3).waitFor();
    await page.locator(".alerts-panel").getByText("resolved by hand").waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole("link", { name: "New monitor" }).click();
    await page.getByRole("heading", { level: 1, name: "New monitor" }).waitFor();
    await until(() => page.getByRole("textbox", { name: "Run id" }).inputValue(), run);
    assert.deepEqual(errors, []);
    await close();
  });

  test("on a phone the places are at the thumb, and a monitor is a page of its own", async () => {
    const { page, errors, close } = await open("/models", { screen: "phone" });
    const nav = page.getByRole("navigation", { name: "Places at hand" });
    await nav.getByRole("link", { name: "Runs" }).click();
    await page.waitForURL(/#\/e\/\d+$/);
    await page.goto(`${server.url}/#/r/${run}`);
    await page.getByRole("heading", { name: "scorer" }).waitFor();
    await nav.getByRole("link", { name: "Monitors" }).click();
    await page.locator(".monitor-row").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Mute" }).count(), 0, "no chart before a monitor is chosen");
    await page.locator(".monitor-row .row-name").first().tap();
    await page.getByRole("button", { name: "Mute" }).waitFor();
    await until(() => page.locator(".monitor-row").count(), 0);
    await page.getByRole("link", { name: "Monitors" }).first().click();
    await page.locator(".monitor-row").first().waitFor();
    await nav.getByRole("link", { name: "Runs" }).click();
    await page.waitForURL(`${server.url}/#/r/${run}`);
    assert.deepEqual(errors, []);
    await close();
  });
});
