import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findBrowser, openTab, picture, startBrowser } from "./browser.mjs";
import { createExperiment } from "./data.mjs";
import { startServer } from "./server.mjs";

const executable = findBrowser();
const RUNS = 100_000;
const METRICS = Array.from({ length: 200 }, (_, i) => `group${i % 8}/metric_${i}`);
const SHOWN = METRICS.slice(0, 40);

/** The table's answer, as the server writes it; only the page is under test here. */
function tableAnswer() {
  const lines = [JSON.stringify({ total: RUNS, experiments: {} })];
  for (let offset = 0; offset < RUNS; ) {
    const rows = Math.min(offset === 0 ? 100 : 1000, RUNS - offset);
    const at = Array.from({ length: rows }, (_, i) => offset + i);
    const metrics = Object.fromEntries(
      SHOWN.map((key, k) => [key, { value: at.map((i) => (i * (k + 1)) % 997), step: at, timestamp: at }]),
    );
    lines.push(
      JSON.stringify({
        offset,
        rows,
        run_id: at.map((i) => i.toString(16).padStart(32, "0")),
        experiment_id: at.map(() => "1"),
        run_name: at.map((i) => `run-${i}`),
        status: at.map(() => "FINISHED"),
        user_id: at.map(() => "ana"),
        start_time: at.map((i) => 1.79e12 - i * 1000),
        end_time: at.map((i) => 1.79e12 - i * 900),
        live: at.map(() => 0),
        lifecycle_stage: at.map(() => "active"),
        metrics,
        params: { lr: { values: ["1e-3", "1e-4"], index: at.map((i) => i % 2) } },
      }),
    );
    offset += rows;
  }
  return lines.join("\n");
}

describe("a hundred thousand runs", { skip: executable ? false : "no Chromium found; set CHROMIUM" }, () => {
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("playwright-core").Browser} */
  let browser;

  before(async () => {
    server = await startServer();
    browser = await startBrowser(String(executable));
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("scroll smoothly, with no more rows in the document than fit the screen", async (t) => {
    const experiment = await createExperiment(server.url, `large-${Date.now().toString(36)}`);
    const { page, errors, close } = await openTab(browser);
    const body = tableAnswer();
    await page.route("**/runs/table", (route) => route.fulfill({ body, contentType: "application/x-ndjson" }));
    await page.route("**/keys?*", (route) =>
      route.fulfill({
        json: {
          metrics: METRICS.map((key) => ({ key, runs: RUNS })),
          params: [{ key: "lr", runs: RUNS, values: 2 }],
          tags: [],
        },
      }),
    );
    const columns = SHOWN.map((key) => `m:${key}`).join(",");
    await page.goto(`${server.url}/#/e/${experiment}?view=table&cols=${columns}`);
    await page.getByText("100,000 runs").waitFor({ timeout: 60_000 });
    assert.equal(await page.getByRole("grid").getAttribute("aria-rowcount"), String(RUNS + 1));
    const measured = await page.evaluate(
      () =>
        new Promise((/** @type {(value: { fps: number, rows: number, cells: number }) => void} */ resolve) => {
          const grid = document.querySelector(".grid");
          if (!grid) throw new Error("no grid");
          const began = performance.now();
          let frames = 0;
          let rows = 0;
          let cells = 0;
          const frame = () => {
            frames += 1;
            grid.scrollTop += 160;
            rows = Math.max(rows, grid.querySelectorAll(".grid-row").length);
            cells = Math.max(cells, grid.querySelectorAll(".cell").length);
            const spent = performance.now() - began;
            if (spent < 3000) requestAnimationFrame(frame);
            else resolve({ fps: (frames * 1000) / spent, rows, cells });
          };
          requestAnimationFrame(frame);
        }),
    );
    t.diagnostic(`${measured.fps.toFixed(0)} frames a second, ${measured.rows} rows, ${measured.cells} cells`);
    assert.ok(measured.rows <= 60, `${measured.rows} rows`);
    await page.setViewportSize({ width: 1440, height: 1800 });
    const inHighWindow = await page.evaluate(async () => {
      const grid = document.querySelector(".grid");
      for (let i = 0; i < 5; i++) {
        if (grid) grid.scrollTop += 160;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return document.querySelectorAll(".grid .grid-row").length;
    });
    assert.ok(inHighWindow > 40 && inHighWindow <= 60, `${inHighWindow} rows in a high window`);
    await page.getByRole("grid").evaluate((grid) => {
      grid.scrollTop = grid.scrollHeight;
    });
    await page.getByText("run-99999", { exact: true }).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+Home");
    await page.getByText("run-0", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "grid");
    await picture(page, "large-wide-light");
    assert.deepEqual(errors, []);
    await close();
  });
});
