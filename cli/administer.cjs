const http = require("node:http");

/**
 * Makes one of the administrator's calls to the Worker and resolves to its answer.
 * @param {import("./address.cjs").Listening} listening
 * @param {string} token the Worker's TIDEMARK_ADMIN_TOKEN
 * @param {string} path
 * @param {number} [timeout] in ms, after which it is given up
 * @returns {Promise<Record<string, unknown>>}
 */
function administer({ addresses, port, url }, token, path, timeout) {
  const [host = ""] = addresses;
  // By the server's own name: it may not answer under every address it listens on.
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}`, Host: new URL(url).host };
  const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  return new Promise((done, failed) => {
    const request = http.request({ host, port, path, method: "POST", headers, signal }, (response) => {
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
          done(answer);
        } catch (error) {
          failed(error);
        }
      });
    });
    request.on("error", failed);
    request.end("{}");
  });
}

module.exports = { administer };
