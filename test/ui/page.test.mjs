import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, createVersion, endRun, logTraining, own, post, putArtifact } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const STEPS = 100;

describe("the page", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `fraud-${Date.now().toString(36)}`;
  const model = `scorer-${Date.now().toString(36)}`;
  const ids = { experiment: "", empty: "", done: "", live: "", monitor: "" };

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
    assert.ok(lines.includes(`mlflow.set_tracking_uri("${server.url}")`), lines);
    assert.deepEqual(await findings(page), []);
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
    // One fires, one has fired, one waits for silence
    const scope = { experiment_id: ids.experiment, filter: "attributes.run_name LIKE 'run-%'" };
    const floor = { metric: "val/auc", severity: "critical", condition: { type: "threshold", value: 0.9 } };
    ids.monitor = (await own(server.url, "POST", "monitors", { name: `floor of ${name}`, scope, ...floor })).monitor_id;
    const ceiling = { metric: "loss", direction: "min", condition: { type: "threshold", value: 0.9 } };
    await own(server.url, "POST", "monitors", { name: "loss at the start", scope: { run_id: ids.live }, ...ceiling });
    const silence = { metric: "loss", condition: { type: "silence", minutes: 600 } };
    await own(server.url, "POST", "monitors", {
      name: "no loss",
      scope,
      ...silence,
      muted_until: Date.now() + 3_600_000,
    });
    await logTraining(server.url, ids.live, { from: 0, to: 40, lr: 0.02 });
    await post(server.url, "experiments/set-experiment-tag", {
      experiment_id: ids.experiment,
      key: "tidemark.baseline",
      value: ids.done,
    });
    await putArtifact(server.url, ids.experiment, ids.done, "notes.txt", "one\ntwo\n");
    await putArtifact(server.url, ids.experiment, ids.done, "tables/scores.csv", "id,score\n1,0.5\n2,0.7\n");
    await createVersion(server.url, { name: model, run: ids.done, experiment: ids.experiment });
    await createVersion(server.url, { name: model, run: ids.live, experiment: ids.experiment });
  });

  /** @type {Record<string, () => [path: string, heading: string]>} */
  const places = {
    home: () => ["/", "Experiments"],
    experiment: () => [`/e/${ids.experiment}`, name],
    "experiment-grouped": () => [`/e/${ids.experiment}?group=p:lr&view=table&sort=-m:loss`, name],
    "experiment-charts": () => [`/e/${ids.experiment}?view=charts&s=0.6`, name],
    "experiment-empty": () => [`/e/${ids.empty}`, "with a name so long"],
    run: () => [`/r/${ids.live}`, "run-live"],
    "run-time": () => [`/r/${ids.done}?x=time&log=loss`, "run-0.1"],
    details: () => [`/r/${ids.done}/details`, "run-0.1"],
    artifacts: () => [`/r/${ids.done}/artifacts?path=tables/scores.csv`, "run-0.1"],
    lineage: () => [`/r/${ids.done}/lineage`, "run-0.1"],
    code: () => [`/r/${ids.done}/code`, "run-0.1"],
    compare: () => [`/compare?runs=${ids.live},${ids.done}`, "Compare"],
    "compare-parallel": () => [`/compare?runs=${ids.live},${ids.done}&fig=parallel`, "Compare"],
    "compare-scatter": () => [`/compare?runs=${ids.live},${ids.done}&fig=scatter`, "Compare"],
    models: () => ["/models", "Models"],
    model: () => [`/models/${model}`, model],
    version: () => [`/models/${model}/1`, model],
    monitors: () => ["/monitors", "Monitors"],
    monitor: () => [`/monitors/${ids.monitor}`, "Monitors"],
    "monitor-new": () => [`/monitors/new?scope=run:${ids.done}&metric=loss&value=0.5`, "New monitor"],
    "monitor-edit": () => [`/monitors/${ids.monitor}/edit`, "Edit monitor"],
    "run-monitors": () => [`/r/${ids.live}/monitors`, "run-live"],
    settings: () => ["/settings", "Settings"],
    nowhere: () => ["/nowhere", "No such page"],
  };
  // Every page on both screens and in both schemes
  for (const { screen, scheme } of /** @type {const} */ ([
    { screen: "wide", scheme: "light" },
    { screen: "wide", scheme: "dark" },
    { screen: "phone", scheme: "light" },
    { screen: "phone", scheme: "dark" },
  ])) {
    for (const [place, where] of Object.entries(places)) {
      test(`${place}, ${screen}, ${scheme}: opens without an error, fits, and axe finds nothing`, async () => {
        const [path, heading] = where();
        const { page, errors, close } = await openTab(browser, { screen, scheme });
        await page.goto(`${server.url}/#${path}`);
        await page.getByRole("heading", { level: 1, name: heading }).waitFor();
        // Charts are drawn one a frame.
        await page.waitForTimeout(700);
        await picture(page, `${place}-${screen}-${scheme}`);
        const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(tooWide <= 0, `${tooWide} pixels too wide`);
        assert.equal(await page.getByRole("alert").count(), 0, "an error is shown");
        assert.deepEqual(await findings(page), []);
        assert.deepEqual(errors, []);
        await close();
      });
    }
  }

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
    await page.getByRole("link", { name, exact: true }).first().waitFor();
    await page.route(/\/(ajax-api|api|version)/, (route) => route.abort());
    await page.getByText(/Connection lost/).waitFor({ timeout: 25_000 });
    await page.getByRole("link", { name, exact: true }).first().waitFor();
    await picture(page, "home-lost-wide-light");
    await page.unroute(/\/(ajax-api|api|version)/);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.getByText("Connected").waitFor();
    await close();
  });

  /** @type {Record<string, [limit: number, path: () => string, shown: (page: import("playwright-core").Page) => Promise<void>]>} */
  const budgets = {
    "an experiment": [90_000, () => `/e/${ids.experiment}`, (page) => page.getByRole("grid").waitFor()],
    "home, which draws no charts,": [35_000, () => "/", (page) => page.getByRole("table").waitFor()],
  };
  for (const [what, [limit, path, shown]] of Object.entries(budgets)) {
    test(`a first visit of ${what} needs less than ${limit / 1000} KB of script`, async () => {
      const { page, close } = await openTab(browser);
      /** @type {Promise<number>[]} */
      const scripts = [];
      page.on("response", (response) => {
        if (response.request().resourceType() === "script") scripts.push(response.body().then(gzippedSize));
      });
      await page.goto(`${server.url}/#${path()}`);
      await shown(page);
      await page.waitForTimeout(500);
      const sizes = await Promise.all(scripts);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      assert.ok(sizes.length > 0 && total < limit, `${total} bytes in ${sizes.length} scripts`);
      await close();
    });
  }
});

/** @param {Buffer} body */
async function gzippedSize(body) {
  const { gzipSync } = await import("node:zlib");
  return gzipSync(body).length;
}
