import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PICTURES = join(import.meta.dirname, "..", "..", "test-results", "ui");

/** The screens the page has to fit. */
export const SCREENS = {
  wide: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

/** @typedef {keyof typeof SCREENS} Screen */

/** The browser to use: CHROMIUM, one of the system's, or Playwright's own; undefined when there is none. */
export function findBrowser() {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return [...places, chromium.executablePath()].find((place) => place && existsSync(place));
}

/** @param {string} executablePath */
export async function startBrowser(executablePath) {
  mkdirSync(PICTURES, { recursive: true });
  // As root, which is usual in containers, Chromium runs only without its sandbox.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/**
 * A tab that collects whatever goes wrong on the page.
 * @param {import("playwright-core").Browser} browser
 * @param {{ screen?: Screen, scheme?: "light" | "dark" }} [options]
 */
export async function openTab(browser, { screen = "wide", scheme = "light" } = {}) {
  const context = await browser.newContext({ ...SCREENS[screen], colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} ${message.location().url}`);
  });
  return { page, errors, close: () => context.close() };
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/**
 * How many pixels of a chart have been painted in the line's colour.
 * @param {import("playwright-core").Locator} canvas
 * @returns {Promise<number>}
 */
export async function linePixels(canvas) {
  return canvas.evaluate((/** @type {HTMLCanvasElement} */ element) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--series-1)";
    const want = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
    probe.remove();
    const context = element.getContext("2d");
    if (!context) return 0;
    const { data } = context.getImageData(0, 0, element.width, element.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const isLine = want.every((channel, c) => Math.abs((data[i + c] ?? 0) - channel) < 12);
      if (isLine && (data[i + 3] ?? 0) > 200) count += 1;
    }
    return count;
  });
}
