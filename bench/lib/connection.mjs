import net from "node:net";
import { HttpReader } from "./http-reader.mjs";

/**
 * One keep-alive connection with at most one request under way. A lost connection fails the request under way; the
 * next request opens a new one.
 */
export class Connection {
  #port;
  #keepBody;
  #socket = null;
  #settle = null;

  constructor(port, { keepBody = false } = {}) {
    this.#port = port;
    this.#keepBody = keepBody;
  }

  /**
   * Sends the bytes of one request, which must stay as they are until the answer is there.
   * Calls back with (error, status, body, bytes); a callback, because a promise a request shows at these rates.
   */
  send(bytes, callback) {
    this.#settle = callback;
    if (this.#socket === null) this.#open();
    this.#socket.write(bytes);
  }

  /** The same as a promise of { status, body, bytes }, for everything that is not timed. */
  request(bytes) {
    return new Promise((resolve, reject) => {
      this.send(bytes, (error, status, body, length) => {
        if (error) reject(error);
        else resolve({ status, body, bytes: length });
      });
    });
  }

  close() {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open() {
    const socket = net.connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    const reader = new HttpReader((status, body, bytes) => this.#finish(null, status, body, bytes), {
      keepBody: this.#keepBody,
    });
    const fail = (error) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      socket.destroy();
      this.#finish(error);
    };
    socket.on("data", (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        fail(error);
      }
    });
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("connection closed by the server")));
    this.#socket = socket;
  }

  #finish(error, status, body, bytes) {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(error, status, body, bytes);
  }
}
