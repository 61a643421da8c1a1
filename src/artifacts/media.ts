/** What an artifact's name says about its media type, and how HTTP wants to hear of it. Pure. */
import { lookup } from "mrmime";

/** Extensions (and whole names without one) that MLflow serves as plain text, whatever their registered type. */
const TEXT = new Set(
  (
    "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb " +
    "MLmodel mlproject"
  ).split(" "),
);

/** The Content-Type of a file by its name. */
export function contentType(name: string): string {
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? name.slice(dot + 1) : name;
  if (TEXT.has(extension)) return "text/plain";
  return (dot > 0 ? lookup(extension) : undefined) ?? "application/octet-stream";
}

/** True for types a browser would run scripts of. */
export const isActive = (type: string): boolean =>
  type === "text/html" || type === "image/svg+xml" || type === "application/xhtml+xml";

/** `attachment`, with the name as a token or quoted text, and in RFC 5987's form where ASCII lacks it. */
export function contentDisposition(name: string): string {
  const ascii = name.normalize("NFKD").replace(/[^\x20-\x7e]/g, "");
  const quoted = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(ascii) ? ascii : `"${ascii.replace(/["\\]/g, "\\$&")}"`;
  if (ascii === name) return `attachment; filename=${quoted}`;
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${hex(c)}`);
  return `attachment; filename=${quoted}; filename*=UTF-8''${encoded}`;
}

const hex = (c: string): string => c.charCodeAt(0).toString(16).toUpperCase();

/** One range of a Range header: from an offset (to an inclusive end), or the last bytes. */
export type ByteRange = { offset: number; end?: number } | { suffix: number };

/**
 * The range a header asks for. Undefined, and so the whole file (RFC 9110 14.2), for anything but one well-formed
 * range of bytes.
 */
export function parseRange(header: string | null): ByteRange | undefined {
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? undefined : { suffix: Number(last) };
  if (last === "") return { offset: Number(first) };
  return Number(last) < Number(first) ? undefined : { offset: Number(first), end: Number(last) };
}

/** First and last byte of a range within a file of `size` bytes; undefined where there are none. */
export function resolveRange(range: ByteRange, size: number): { start: number; end: number } | undefined {
  const start = "suffix" in range ? Math.max(0, size - range.suffix) : range.offset;
  const end = "suffix" in range ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  return start <= end ? { start, end } : undefined;
}
