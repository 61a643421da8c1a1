/** A tab on MLflow's page that keeps account of its calls. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CALLS, MESSAGES } from "./excused.mjs";

const PICTURES = join(import.meta.dirname, "..", "..", "test-results", "mlflow-ui");
/** The page's own retries of one failed call take half of this. */
const PATIENCE_MS = 60_000;
/** Nothing asked for so long: the page is complete. */
const QUIET_MS = 800;
const POLL_MS = 100;
/** Its script is loaded outside the page, whose events tell of its beginning alone. */
const IS_WORKER = /\.worker\.js$/;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {"genai" | "machine_learning"} Workflow which of its two menus the page shows */

/**
 * Opens an address of the page (what comes after the #) as a visitor who comes for the first time would, but that the
 * assistant's panel, which takes a third of the window, has been closed.
 * @param {import("playwright-core").BrowserContext} context
 * @param {{ url: string, path: string, workflow?: Workflow }} place `url` of the server
 */
export async function open(context, { url, path, workflow = "machine_learning" }) {
  const page = await context.newPage();
  const base = `${url}/mlflow/`;
  /** @type {Set<string>} */
  const faults = new Set();
  const account = { flying: 0, since: Date.now() };
  const fault = (/** @type {string} */ call) => {
    if (!CALLS.some((excuse) => excuse.call.test(call))) faults.add(call);
  };
  const settle = (/** @type {import("playwright-core").Request} */ request) => {
    if (IS_WORKER.test(request.url())) return;
    account.flying -= 1;
    account.since = Date.now();
  };
  const name = (/** @type {import("playwright-core").Request} */ request) =>
    `${request.method()} ${(request.url().split("?")[0] ?? "").replace(base, "")}`;
  page.on("request", (request) => {
    if (!IS_WORKER.test(request.url())) account.flying += 1;
  });
  page.on("requestfinished", settle);
  page.on("requestfailed", (request) => {
    settle(request);
    const isForeign = !request.url().startsWith(url);
    fault(`${isForeign ? "blocked" : request.failure()?.errorText} ${name(request)}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) fault(`${response.status()} ${name(response.request())}`);
  });
  page.on("pageerror", (error) => faults.add(String(error.stack ?? error)));
  page.on("console", (message) => {
    const isKnown = MESSAGES.some(({ text }) => text.test(message.text()));
    if (message.type() === "error" && !isKnown) faults.add(message.text());
  });
  await page.addInitScript((flow) => {
    if (window !== window.top || sessionStorage.getItem("prepared")) return;
    sessionStorage.setItem("prepared", "yes");
    localStorage.clear();
    localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
    localStorage.setItem("mlflow.workflowType_v1", JSON.stringify(flow));
    // The news of another year, which would lie over the list of models.
    localStorage.setItem("_mlflow_model_registry_promo_modal_dismissed_v1", "true");
  }, workflow);
  await page.goto(`${base}#${path}`);
  return { page, faults, seen: (/** @type {string[]} */ texts) => seen(page, account, texts) };
}

/**
 * Waits until all texts can be read on the page and nothing is being asked any more.
 * @param {Page} page
 * @param {{ flying: number, since: number }} account
 * @param {string[]} texts
 * @returns {Promise<string[]>} the texts that never came
 */
async function seen(page, account, texts) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const shown = await textOf(page);
    const missing = texts.filter((text) => !shown.includes(text));
    const isQuiet = account.flying <= 0 && Date.now() - account.since > QUIET_MS;
    if ((missing.length === 0 && isQuiet) || Date.now() > end) return missing;
    await sleep(POLL_MS);
  }
}

/** What is to be read on the page and in its frames; white space of any kind and length is a space. @param {Page} page */
async function textOf(page) {
  const texts = page.frames().map((frame) => frame.evaluate(() => document.body.innerText).catch(() => ""));
  return (await Promise.all(texts)).join("\n").replace(/\s+/g, " ");
}

/**
 * Keeps a picture of the page.
 * @param {Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
