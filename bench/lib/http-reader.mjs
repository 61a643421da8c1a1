const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/**
 * Reads HTTP/1.1 responses from the chunks of one keep-alive socket. `node:http` would cost the load generator several
 * times as much a response, so this knows only what a server may send to it: a status line, headers, and a body
 * framed by Content-Length or by chunks.
 *
 * `onResponse(status, body, bytes)` is called once a response is complete; `body` is null unless `keepBody` is set or the
 * status is not 200 (so that a refusal can be shown).
 */
export class HttpReader {
  #onResponse;
  #keepBody;
  #pending = null;
  #inBody = false;
  #status = 0;
  #chunked = false;
  /** Bytes still to come of the body (or of the current chunk and its line end). */
  #left = 0;
  #lastChunk = false;
  #bytes = 0;
  #parts = [];

  constructor(onResponse, { keepBody = false } = {}) {
    this.#onResponse = onResponse;
    this.#keepBody = keepBody;
  }

  /** Takes the next bytes of the socket. Throws when they are no HTTP response. */
  push(chunk) {
    let data = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = null;
    while (data !== null && data.length > 0) data = this.#inBody ? this.#body(data) : this.#head(data);
  }

  #head(data) {
    const end = data.indexOf(HEAD_END);
    if (end < 0) return this.#wait(data);
    const head = data.latin1Slice(0, end + 2);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head);
    if (status === null) throw new Error(`not an HTTP response: ${head.slice(0, 80)}`);
    this.#status = Number(status[1]);
    this.#inBody = true;
    this.#bytes = 0;
    this.#parts = [];
    this.#lastChunk = false;
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (!this.#chunked && length === null) throw new Error(`response without a length: ${head}`);
    this.#left = this.#chunked ? 0 : Number(length[1]);
    const rest = data.subarray(end + 4);
    if (!this.#chunked && this.#left === 0) return this.#done(rest);
    return rest;
  }

  #body(data) {
    if (this.#chunked && this.#left === 0) return this.#chunkHead(data);
    const take = Math.min(this.#left, data.length);
    // A chunk's own line end counts into #left but is no part of the body.
    const content = this.#chunked ? Math.max(0, Math.min(take, this.#left - 2)) : take;
    if (!this.#lastChunk && content > 0) {
      this.#bytes += content;
      if (this.#keepBody || this.#status !== 200) this.#parts.push(Buffer.from(data.subarray(0, content)));
    }
    this.#left -= take;
    const rest = data.subarray(take);
    if (this.#left > 0) return null;
    return !this.#chunked || this.#lastChunk ? this.#done(rest) : rest;
  }

  #chunkHead(data) {
    const end = data.indexOf(LINE_END);
    if (end < 0) return this.#wait(data);
    const size = Number.parseInt(data.latin1Slice(0, end), 16);
    if (Number.isNaN(size)) throw new Error("malformed chunk size");
    this.#lastChunk = size === 0;
    this.#left = size + 2;
    return data.subarray(end + 2);
  }

  #wait(data) {
    this.#pending = Buffer.from(data);
    return null;
  }

  #done(rest) {
    this.#inBody = false;
    const body = this.#keepBody || this.#status !== 200 ? Buffer.concat(this.#parts) : null;
    this.#onResponse(this.#status, body, this.#bytes);
    return rest;
  }
}
