const http = require("node:http");

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
function collectRegularly({ addresses, port }, token, times = TIMES) {
  const [host = ""] = addresses;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let ended = false;
  const next = async () => {
    try {
      while (!ended && !(await collect(host, port, token)));
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

/**
 * One pass. Resolves to whether it was the last for now.
 * @param {string} host
 * @param {number} port
 * @param {string} token
 * @returns {Promise<boolean>}
 */
function collect(host, port, token) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return new Promise((done, failed) => {
    const request = http.request({ host, port, path: "/api/2.0/tidemark/gc", method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("error", failed);
      response.on("end", () => {
        try {
          const answer = JSON.parse(text);
          if (response.statusCode !== 200) throw new Error(answer.message);
          done(answer.done === true);
        } catch (error) {
          failed(error);
        }
      });
    });
    request.on("error", failed);
    request.end("{}");
  });
}

module.exports = { collectRegularly };
