import { createHash } from "node:crypto";

/**
 * Miniflare's R2 hashes and stores an upload in pieces of 4 KB, each some 90 µs of script: 45 MB/s, whatever the disk.
 * The same in pieces of 512 KB leaves the hash and the disk as the limits. The class is replaced in the finished
 * configuration, in the room the old one takes, since Miniflare has no way to be given another.
 */
const START = "var DigestingStream = class extends TransformStream {";
const END = "}, validate = new Validator()";
/** Of the class this knows how to replace; any other stays as it is. */
const KNOWN = "989c8c26596b616c0bb06e381817c79b493b24ac70765f228b588f13168d8189";

/**
 * What the bucket expects of it, but for `pipeThrough`: the runtime connects a body to a script's stream in pieces of 4 KB
 * always, so that the body must be read here.
 */
const REPLACEMENT = `var DigestingStream = class {
  constructor(names) {
    this.names = names;
    this.digests = new DeferredPromise();
  }
  read(body) {
    let { names, digests } = this, size = 524288, reader = body.getReader({ mode: "byob" });
    let sums = names.map((name) => new crypto.DigestStream(name)), writers = sums.map((sum) => sum.getWriter());
    return new ReadableStream({
      async pull(out) {
        let { value } = await reader.readAtLeast(size, new Uint8Array(size));
        if (value?.length) {
          for (let to of writers) await to.write(value);
          return out.enqueue(value);
        }
        let all = new Map();
        for (let i in sums) await writers[i].close(), all.set(names[i], Buffer3.from(await sums[i].digest));
        digests.resolve(all), out.close();
      },
      cancel: (e) => reader.cancel(e)
    });
  }
`.replace(/\n */g, "\n");

const CALL = "value.pipeThrough(digesting)";
const REPLACED_CALL = "digesting.read(value)".padEnd(CALL.length);

/**
 * Makes the local R2 of a runtime configuration take uploads in large pieces, in place.
 * @returns whether it holds the class this knows
 */
export function widenUploads(configuration: Buffer): boolean {
  const start = configuration.indexOf(START);
  const end = configuration.indexOf(END, start);
  if (start < 0 || end < 0) return false;
  const old = configuration.subarray(start, end);
  if (createHash("sha256").update(old).digest("hex") !== KNOWN || REPLACEMENT.length > old.length) return false;
  old.fill(" ");
  old.write(REPLACEMENT, "latin1");
  for (let at = configuration.indexOf(CALL); at >= 0; at = configuration.indexOf(CALL, at)) {
    configuration.write(REPLACED_CALL, at, "latin1");
  }
  return true;
}
