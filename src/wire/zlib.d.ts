/** The little of Node's API used here, by hand: Node's own types contradict those of Workers. */
declare module "node:zlib" {
  export function gzipSync(data: Uint8Array, options?: { level?: number }): Uint8Array<ArrayBuffer>;
}
