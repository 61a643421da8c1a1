import { gzipSync } from "node:zlib";

/** Visits of a browser that has never been there, each timed by the page's own clock from its navigation's start. */

/** Wide enough for a table of ten metrics, high enough for five charts in either page. */
const VIEWPORT = { width: 1440, height: 1800 };
const LIMIT_MS = 90_000;

/** Looks at each frame whether what is waited for is there, and tells when it was. Put before any script of the page. */
const watcher = (test) => `(() => {
  const isThere = () => { ${test} };
  const look = () => (document.body && isThere() ? benchSeen(performance.now()) : requestAnimationFrame(look));
  requestAnimationFrame(look);
})()`;

/**
 * One first visit, by a context of its own with nothing in its cache: { ms, bytes, requests, scriptBytes }. `bytes` are those that
 * came over the wire, `scriptBytes` gzipped.
 * @param {import("playwright-core").Browser} browser
 * `test` is the body of a function that tells in the page whether what is waited for is there.
 * @param {{ url: string, test: string, picture?: string, viewport?: { width: number, height: number },
 *   after?: (page: import("playwright-core").Page) => Promise<void> }} visit
 */
export async function firstVisit(browser, { url, test, picture, after, viewport = VIEWPORT }) {
  const context = await browser.newContext({ viewport });
  try {
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    const sums = { bytes: 0, requests: 0 };
    const scripts = new Set();
    await client.send("Network.enable");
    client.on("Network.responseReceived", ({ type, response }) => type === "Script" && scripts.add(response.url));
    client.on("Network.loadingFinished", ({ encodedDataLength }) => {
      sums.requests += 1;
      sums.bytes += encodedDataLength;
    });
    const { promise: seen, resolve } = Promise.withResolvers();
    await page.exposeFunction("benchSeen", resolve);
    await page.addInitScript({ content: watcher(test) });
    await page.goto(url, { waitUntil: "commit" });
    const late = setTimeout(() => resolve(undefined), LIMIT_MS);
    const ms = await seen;
    clearTimeout(late);
    if (ms === undefined) throw new Error(`not there after ${LIMIT_MS / 1000} s: ${url}`);
    const found = { ms, ...sums, scriptBytes: await gzipped(scripts) };
    if (picture) await page.screenshot({ path: picture });
    await after?.(page);
    return found;
  } finally {
    await context.close();
  }
}

/** Bytes of scripts as a server that compresses sends them; on one machine neither server does. */
async function gzipped(addresses) {
  let bytes = 0;
  for (const address of addresses) {
    const response = await fetch(address);
    bytes += gzipSync(Buffer.from(await response.arrayBuffer())).length;
  }
  return bytes;
}

/** How fast a table scrolls: a little further each frame for `seconds`; { fps, longestMs, rows } (row elements at most). */
export function scroll(page, seconds) {
  return page.evaluate(async (limit) => {
    const grid = document.querySelector(".grid");
    const began = performance.now();
    let frames = 0;
    let rows = 0;
    let longestMs = 0;
    for (let last = began; last - began < limit; ) {
      const now = await new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      frames += 1;
      longestMs = Math.max(longestMs, now - last);
      last = now;
      grid.scrollTop += 160;
      rows = Math.max(rows, grid.querySelectorAll(".grid-row").length);
    }
    return { fps: (frames * 1000) / (performance.now() - began), longestMs, rows };
  }, seconds * 1000);
}

/** Bytes that scripts hold after two collections. */
export async function heapBytes(client) {
  for (let i = 0; i < 2; i++) await client.send("HeapProfiler.collectGarbage");
  return (await client.send("Runtime.getHeapUsage")).usedSize;
}
