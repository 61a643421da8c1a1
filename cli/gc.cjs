const { administer } = require("./administer.cjs");

// What Cloudflare's cron trigger does in the cloud: every quarter of an hour the Worker removes for good what was deleted
// long ago. Locally nothing triggers it but this.

/** When to call first and how often after that, in ms. */
const TIMES = { first: 30_000, period: 15 * 60_000 };

/**
 * Calls the Worker regularly, until the process ends or the function that it returns is called.
 * @param {import("./address.cjs").Listening} listening
 * @param {string} token the Worker's TIDEMARK_ADMIN_TOKEN
 * @param {{ first: number, period: number }} times
 * @returns {() => void}
 */
function collectRegularly(listening, token, times = TIMES) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let ended = false;
  // One pass does a bounded amount, and says whether it was the last for now.
  const collect = async () => (await administer(listening, token, "/api/2.0/tidemark/gc")).done === true;
  const next = async () => {
    try {
      while (!ended && !(await collect()));
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      process.stderr.write(`tidemark: removing what was deleted failed: ${why}\n`);
    }
    if (!ended) timer = setTimeout(next, times.period).unref();
  };
  timer = setTimeout(next, times.first).unref();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

module.exports = { collectRegularly };
