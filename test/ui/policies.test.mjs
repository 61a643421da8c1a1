/** Policies in the settings, and what they refuse where somebody writes. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findings } from "./axe.mjs";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment, createRun, endRun } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const TOKEN = "the-token-of-the-tests";
/** A policy that was changed holds everywhere within 15 seconds. */
const SLOW = { timeout: 30_000 };

describe("policies", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;
  const name = `fraud-${Date.now().toString(36)}`;
  let experiment = "";
  let run = "";

  before(async () => {
    // With a secret that somebody chose the server has an administrator.
    process.env.TIDEMARK_ADMIN_TOKEN = TOKEN;
    server = await startServer();
    browser = await startBrowser(String(executable));
    experiment = await createExperiment(server.url, name);
    run = await createRun(server.url, { experiment, name: "ana-1", age: 60_000 });
    await endRun(server.url, run, "FINISHED");
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** A refusal is an error to the browser, too. @param {string[]} errors */
  const others = (errors) => errors.filter((error) => !/status of (400|401)/.test(error));

  /** @param {string} path @param {Parameters<typeof openTab>[1]} [options] */
  async function open(path, options) {
    const tab = await openTab(browser, options);
    await tab.page.goto(`${server.url}/#${path}`);
    return tab;
  }

  test("a policy is made by whoever has the token; what is wrong stands beside its field", async (t) => {
    if (!server.isFresh) return t.skip("its administrator is somebody else");
    const { page, errors, close } = await open("/settings");
    const policies = page.getByRole("region", { name: "Policies" });
    await policies.getByText("None. A policy says").waitFor();
    await policies.getByRole("button", { name: "Add policy" }).click();
    const form = page.getByRole("form", { name: "New policy" });
    await form.getByRole("button", { name: "Add policy" }).click();
    await form.getByText("A policy needs a name: refusals call it so.").waitFor();
    await form.getByLabel("Name", { exact: true }).fill("team standards");
    await form.getByText("A policy needs a rule.").waitFor();
    await form.getByLabel("Experiments", { exact: true }).fill("fraud-*");
    await form.getByText(`1 experiment: ${name}`).waitFor();
    const pattern = form.getByLabel("Run names");
    await pattern.fill("[a-z");
    await form.getByText("Not a regular expression.").waitFor();
    assert.equal(await pattern.getAttribute("aria-invalid"), "true");
    await pattern.fill("[a-z]+-\\d+");
    await form.getByLabel("Example").fill("ana 1");
    await form.getByText("The example does not match the pattern.").waitFor();
    await form.getByLabel("Example").fill("ana-1");
    await form.getByLabel("Try a name").fill("quick try");
    await form.getByText("✗ “quick try” is not allowed").waitFor();
    await form.getByLabel("Try a name").fill("kenji-7");
    await form.getByText("✓ “kenji-7” is allowed").waitFor();
    await form.getByRole("button", { name: "Add a tag" }).click();
    await form.getByLabel("Name of tag 1").fill("env");
    await form.getByLabel("Allowed values of tag 1").fill("training, production");
    await picture(page, "policy-form-wide-light");
    assert.deepEqual(await findings(page), []);
    await form.getByRole("button", { name: "Add policy" }).click();
    const asks = page.getByRole("form", { name: "Administrator" });
    await asks.getByText("Whoever set up this server has the token").waitFor();
    await asks.getByLabel("Token").fill("another");
    await asks.getByRole("button", { name: "Go on" }).click();
    await asks.getByText("That is not the token.").waitFor();
    assert.deepEqual(await findings(page), []);
    await asks.getByLabel("Token").fill(TOKEN);
    await asks.getByRole("button", { name: "Go on" }).click();
    await policies.getByText("Runs have the tag env: training or production").waitFor();
    assert.match(await policies.innerText(), /team standards\s*warns\s*in fraud-\*/);
    assert.deepEqual(others(errors), []);
    await close();
  });

  test("what it warns of is listed with its run, and in words", async (t) => {
    if (!server.isFresh) return t.skip("its administrator is somebody else");
    const warned = await createRun(server.url, { experiment, name: "quick try", age: 0 });
    await endRun(server.url, warned, "FINISHED");
    const { page, errors, close } = await open("/settings");
    const violations = page.getByRole("region", { name: /^Violations/ });
    const link = violations.getByRole("link", { name: "quick try" }).first();
    await link.waitFor();
    const text = await violations.innerText();
    assert.match(text, /Run name 'quick try' does not match the pattern/);
    assert.match(text, /A run needs the tag 'env'/);
    await link.click();
    await page.waitForURL(`${server.url}/#/r/${warned}`);
    assert.deepEqual(errors, []);
    await close();
  });

  test("it is changed to refuse, and its words stand beside the field where somebody writes", async (t) => {
    if (!server.isFresh) return t.skip("its administrator is somebody else");
    const { page, errors, close } = await open("/settings");
    await page.getByRole("button", { name: "Edit team standards" }).click();
    const form = page.getByRole("form", { name: "Change team standards" });
    await form.getByRole("button", { name: "Refuse" }).click();
    await form.getByText("is refused, in words that say what to change.").waitFor();
    await form.getByLabel("Experiment names").fill("fraud-[a-z0-9]+");
    await form.getByRole("button", { name: "Save policy" }).click();
    // A tab of its own knows no token.
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("refuses", { exact: true }).waitFor();

    await page.goto(`${server.url}/#/r/${run}`);
    await page.getByRole("button", { name: "More about this run" }).click();
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("Name of the run").fill("no such name");
    await page.getByRole("button", { name: "Save" }).click();
    const refusal = page.getByRole("alert");
    await refusal.getByText(/Refused by policy 'team standards': Run name 'no such name' does not match/).waitFor();
    await refusal.getByText(/Use a name such as 'ana-1'/).waitFor();
    await picture(page, "rename-refused-wide-light");
    assert.deepEqual(await findings(page), []);
    await page.getByLabel("Name of the run").fill("ana-2");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "ana-2" }).waitFor();

    await page.getByRole("button", { name: "Add tag" }).click();
    await page.getByLabel("Tag name").fill("env");
    await page.getByLabel("Tag value").fill("laptop");
    await page.getByRole("button", { name: "Save" }).click();
    await refusal.getByText(/Tag 'env' must be one of 'training', 'production', not 'laptop'/).waitFor();

    await page.goto(`${server.url}/#/`);
    await page.getByRole("button", { name: "New experiment" }).click();
    await page.getByLabel("Name of the experiment").fill("fraud-A B");
    await page.getByRole("button", { name: "Create" }).click();
    await refusal.getByText(/Experiment name 'fraud-A B' does not match the pattern/).waitFor();
    assert.deepEqual(others(errors), []);
    await close();
  });

  test("it is switched off and deleted; the token is asked for once a tab", async (t) => {
    if (!server.isFresh) return t.skip("its administrator is somebody else");
    const { page, errors, close } = await open("/settings");
    await page.getByRole("button", { name: "Switch off team standards" }).click();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("off", { exact: true }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Delete team standards" }).click();
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("button", { name: "Delete team standards" }).click();
    await page.getByRole("button", { name: "Delete team standards" }).click();
    await page.getByText("None. A policy says").waitFor(SLOW);
    assert.equal(await page.getByLabel("Token").count(), 0);
    assert.deepEqual(others(errors), []);
    await close();
  });

  for (const { screen, scheme } of /** @type {const} */ ([
    { screen: "wide", scheme: "dark" },
    { screen: "phone", scheme: "light" },
    { screen: "phone", scheme: "dark" },
  ])) {
    test(`the form, ${screen}, ${scheme}: fits, and axe finds nothing`, async () => {
      const { page, errors, close } = await open("/settings", { screen, scheme });
      await page.getByRole("button", { name: "Add policy" }).click();
      const form = page.getByRole("form", { name: "New policy" });
      await form.getByLabel("Run names").fill("[a-z");
      await form.getByRole("button", { name: "Add a tag" }).click();
      await form.getByRole("button", { name: "Add policy" }).click();
      await form.getByText("Not a regular expression.").waitFor();
      await picture(page, `policy-form-${screen}-${scheme}`);
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(tooWide <= 0, `${tooWide} pixels too wide`);
      assert.deepEqual(await findings(page), []);
      assert.deepEqual(errors, []);
      await close();
    });
  }
});
