/** Requests as they are, below `fetch`: no path is tidied up, no header added, and any header may be set. */
import { Agent, request } from "node:http";

const TIMEOUT_MS = 120_000;

/**
 * @typedef {{ method: string, path: string, headers?: Record<string, string>, body?: string | Buffer }} Call
 * @typedef {{ status: number, type: string, text: string, json: unknown }} Answer `json` is undefined for other types
 */

/** A server's base URI with connections of its own. */
export class Http {
  #agent = new Agent({ keepAlive: true });
  #base;

  /** @param {string} uri */
  constructor(uri) {
    this.#base = new URL(uri);
  }

  /**
   * Sends one request; rejects when no answer comes.
   * @param {Call} call
   * @returns {Promise<Answer>}
   */
  send({ method, path, headers = {}, body }) {
    const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.#base.hostname,
          port: this.#base.port,
          agent: this.#agent,
          timeout: TIMEOUT_MS,
          method,
          path,
          headers: { ...length, ...headers },
        },
        (answer) => {
          const parts = [];
          answer.on("data", (part) => parts.push(part));
          answer.once("error", reject);
          answer.once("end", () => resolve(read(answer, Buffer.concat(parts).toString("utf8"))));
        },
      );
      sent.once("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer in time`)));
      sent.once("error", reject);
      sent.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

function read({ statusCode, headers }, text) {
  const type = (headers["content-type"] ?? "").split(";", 1)[0].trim();
  return { status: statusCode, type, text, json: type === "application/json" ? parsed(text) : undefined };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // MLflow writes NaN bare in one answer; what is no JSON can't be compared as such.
    return undefined;
  }
}

/** A JSON request. `body` is encoded, and undefined stays no body. */
export function jsonCall(method, path, body) {
  if (body === undefined) return { method, path };
  return { method, path, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}
