import { createHash } from "node:crypto";

/**
 * Miniflare's R2 moves bytes through script in pieces of 4 KB: an upload at 45 to 120 MB/s, whatever the disk, and a file
 * that came in parts back at 40 to 80, all of it in memory where the client is slower. In pieces of 512 KB, asked for
 * one at a time, the hash and the disk are the limits. Miniflare has no way to be given other code, so the functions
 * are replaced in the finished configuration, in the room the old ones take.
 */
interface Replacement {
  /** The old code: from the one text to the other, with this SHA-256. Any other code stays as it is. */
  start: string;
  end: string;
  known: string;
  code: string;
}

const compact = (code: string): string => code.replace(/\n */g, "\n");

/** Hashes what is stored. The runtime connects a body to a script's stream in pieces of 4 KB always, so it is read here. */
const STORE: Replacement = {
  start: "var DigestingStream = class extends TransformStream {",
  end: "}, validate = new Validator()",
  known: "989c8c26596b616c0bb06e381817c79b493b24ac70765f228b588f13168d8189",
  code: compact(`var DigestingStream = class {
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
  `),
};

/** Puts the parts of a file one behind the other. */
const ASSEMBLE: Replacement = {
  start: "    let identity2 = new TransformStream();",
  end: "  async #head(key) {",
  known: "9913c9cc6804fdefa918d8e8a3d1f5386b89f0daf9ad4b34ee151f1204c599e9",
  code: compact(`    let i = 0, size = 524288, reader;
    let next = () => (reader = void 0, this.#releaseBlob(requiredParts[i++].blobId));
    let end = () => {
      for (; i < requiredParts.length; ) next();
    };
    return new ReadableStream({
      pull: async (out) => {
        try {
          for (; i < requiredParts.length; next()) {
            let { blobId, range } = requiredParts[i];
            reader ??= (await this.blob.get(blobId, range)).getReader({ mode: "byob" });
            let { value } = await reader.readAtLeast(size, new Uint8Array(size));
            if (value?.length) return out.enqueue(value);
          }
          out.close();
        } catch (e) {
          throw end(), e;
        }
      },
      cancel: (e) => {
        reader?.cancel(e), end();
      }
    });
  }
  `),
};

const CALL = "value.pipeThrough(digesting)";
const REPLACED_CALL = "digesting.read(value)".padEnd(CALL.length);

/**
 * Makes the local R2 of a runtime configuration move bytes in large pieces, in place.
 * @returns whether it holds the code this knows
 */
export function widenBucket(configuration: Buffer): boolean {
  const old = [STORE, ASSEMBLE].map((replacement) => find(configuration, replacement));
  if (old.includes(undefined)) return false;
  for (const [i, { code }] of [STORE, ASSEMBLE].entries()) old[i]?.fill(" ").write(code, "latin1");
  for (let at = configuration.indexOf(CALL); at >= 0; at = configuration.indexOf(CALL, at)) {
    configuration.write(REPLACED_CALL, at, "latin1");
  }
  return true;
}

/** The old code's place, where it is what is known and has the room. */
function find(configuration: Buffer, { start, end, known, code }: Replacement): Buffer | undefined {
  const from = configuration.indexOf(start);
  const to = configuration.indexOf(end, from);
  if (from < 0 || to < 0) return undefined;
  const old = configuration.subarray(from, to);
  const isKnown = createHash("sha256").update(old).digest("hex") === known;
  return isKnown && code.length <= old.length ? old : undefined;
}
