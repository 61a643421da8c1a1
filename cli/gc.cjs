const http = require("node:http");

// What Cloudflare's cron trigger does in the cloud: every quarter of an hour the Worker removes for good what was deleted
// long ago. Locally nothing triggers it but this.

const FIRST_MS = 30_000;
const PERIOD_MS = 15 * 60_000;

/**
 * Calls the Worker regularly until the process ends.
 * @param {import("./address.cjs").Listening} listening
 * @param {string} token the Worker's TIDEMARK_ADMIN_TOKEN
 */
function collectRegularly({ addresses, port }, token) {
  const [host = ""] = addresses;
  const next = async () => {
    try {
      while (!(await collect(host, port, token)));
    } catch (error) {
      process.stderr.write(
        `tidemark: removing what was deleted failed: ${error instanceof Error ? error.message : error}\n`,
      );
    }
    setTimeout(next, PERIOD_MS).unref();
  };
  setTimeout(next, FIRST_MS).unref();
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
