/** What index.html asks for before the page's script is there: the page takes it, and asks for nothing of it again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findBrowser, openTab, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun, logTraining, post } from "./data.mjs";
import { startServer } from "./server.mjs";

const executablePath = findBrowser();

describe("calls that begin early", { skip: executablePath ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  let experiment = "";
  /** @type {string[]} */
  const runs = [];

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executablePath));
    experiment = await createExperiment(server.url, `early-${Date.now().toString(36)}`);
    for (const name of ["base", "run"]) {
      const run = await createRun(server.url, { experiment, name, age: 3_600_000 });
      await logTraining(server.url, run, { from: 0, to: 50, lr: 0.1 });
      await endRun(server.url, run, "FINISHED");
      runs.push(run);
    }
    const baseline = { experiment_id: experiment, key: "tidemark.baseline", value: runs[0] };
    await post(server.url, "experiments/set-experiment-tag", baseline);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /**
   * The calls of a first visit until `selector` is there `count` times, by path.
   * @param {string} hash @param {string} selector @param {number} count
   */
  async function callsOf(hash, selector, count) {
    const { page, errors, close } = await openTab(browser);
    /** @type {Map<string, number>} */
    const calls = new Map();
    page.on("request", (request) => {
      const path = new URL(request.url()).pathname.replace(/^.*\/(mlflow|tidemark)\//, "");
      calls.set(path, (calls.get(path) ?? 0) + 1);
    });
    await page.goto(`${server.url}/#${hash}`);
    await page
      .locator(selector)
      .nth(count - 1)
      .waitFor();
    await page.waitForTimeout(500);
    assert.deepEqual(errors, []);
    await close();
    return calls;
  }

  test("a run's page reads its run, its experiment and its series once, and its baseline's", async () => {
    // Three charts: those of the system are folded.
    const calls = await callsOf(`/r/${runs[1]}`, ".chart canvas", 3);
    assert.equal(calls.get("runs/get"), 2);
    assert.equal(calls.get("experiments/get"), 1);
    assert.equal(calls.get("metrics/series"), 2);
  });

  test("the baseline's own page reads its series once", async () => {
    const calls = await callsOf(`/r/${runs[0]}`, ".chart canvas", 3);
    assert.equal(calls.get("runs/get"), 1);
    assert.equal(calls.get("metrics/series"), 1);
  });

  test("a table whose columns the address names is read once", async () => {
    const address = `/e/${experiment}?view=table&cols=m:loss,m:val/auc@140,p:lr,a:start`;
    const calls = await callsOf(address, ".grid-body .grid-row", 1);
    assert.equal(calls.get("experiments/get"), 1);
    // The baseline's own row is the other one.
    assert.equal(calls.get("runs/table"), 2);
  });
});
