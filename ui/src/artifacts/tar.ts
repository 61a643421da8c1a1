/** The tar format of POSIX 1988, as far as plain files need it. Plain functions. */
const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/** @throws {Error} for a name that the format has no room for */
export function tarHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const { prefix, rest } = split(name);
  put(block, 0, rest);
  put(block, 100, "0000644\0");
  put(block, 108, "0000000\0");
  put(block, 116, "0000000\0");
  put(block, 124, `${size.toString(8).padStart(11, "0")}\0`);
  put(block, 136, "00000000000\0");
  put(block, 148, " ".repeat(8));
  put(block, 156, "0");
  put(block, 257, "ustar\x0000");
  put(block, 345, prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** What fills the last block of a file. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

export function tarEnd(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(2 * BLOCK);
}

function put(block: Uint8Array, at: number, text: string): void {
  block.set(new TextEncoder().encode(text), at);
}

/** Long names are cut at a slash into two fields. */
function split(name: string): { prefix: string; rest: string } {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(name) <= NAME_BYTES) return { prefix: "", rest: name };
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
    const prefix = name.slice(0, at);
    const rest = name.slice(at + 1);
    if (bytes(prefix) <= PREFIX_BYTES && bytes(rest) <= NAME_BYTES) return { prefix, rest };
  }
  throw new Error(`The name ${name} is too long for a tar file.`);
}
