/** Which addresses a delivery may go to: https on the public internet. */
import { invalid } from "../wire/errors";
import { pythonRepr } from "../wire/json";

/** Zones that are looked up in one's own network (RFC 6761, 6762, 8375; `internal` is reserved for private use). */
const PRIVATE_ZONES = ["localhost", "local", "localdomain", "internal", "home.arpa"];

/** Ranges of IPv4 that are not for the public internet (IANA's registry of special-purpose addresses, multicast). */
const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** The public IPv6 addresses are these, */
const PUBLIC_V6 = ["2000::", 3] as const;

/** less what in them is special: translations of IPv4 (6to4, Teredo), benchmarks, documentation. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/**
 * Checks a URL that a caller gives. `allowPrivate` lets http and private addresses through, for networks of one's own.
 * What a public name resolves to is known only to who connects. Errors: 400 in MLflow's words.
 */
export function checkAddress(url: string, allowPrivate: boolean): void {
  if (url.trim() === "") throw invalid(`Webhook URL cannot be empty or just whitespace: ${pythonRepr(url)}`);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? "";
  const schemes = allowPrivate ? ["https", "http"] : ["https"];
  if (!schemes.includes(scheme)) {
    throw invalid(`Invalid webhook URL scheme: ${pythonRepr(scheme)}. Allowed schemes are: ${schemes.join(", ")}.`);
  }
  if (!/^[^:]+:\/\/[^/\\?#]/.test(url)) throw invalid(`Webhook URL must include a hostname: ${pythonRepr(url)}`);
  const parsed = URL.parse(url);
  if (!parsed) throw invalid(`Invalid webhook URL ${pythonRepr(url)}`);
  const reason = allowPrivate ? undefined : privateReason(parsed.hostname);
  if (reason) throw invalid(`Webhook URL must not resolve to a non-public IP address. ${reason}.`);
}

/**
 * Why a host is none of the public internet, as far as its text tells; undefined where it may be one. `host` is that of a
 * parsed URL, which writes every notation of an address (decimal, octal, hex, short) in one way.
 */
export function privateReason(host: string): string | undefined {
  const name = host.replace(/\.$/, "");
  if (name.startsWith("[")) {
    const bits = bitsOfV6(name.slice(1, -1));
    const isPublic = within(bits, bitsOfV6(PUBLIC_V6[0]), PUBLIC_V6[1]);
    const isSpecial = SPECIAL_V6.some(([start, length]) => within(bits, bitsOfV6(start), length));
    return isPublic && !isSpecial ? undefined : `'${name.slice(1, -1)}' resolves to ${name.slice(1, -1)}`;
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    const bits = bitsOfV4(name);
    const isPrivate = PRIVATE_V4.some(([start, length]) => within(bits, bitsOfV4(start), length));
    return isPrivate ? `'${name}' resolves to ${name}` : undefined;
  }
  if (name === "localhost") return "'localhost' resolves to 127.0.0.1";
  const zone = PRIVATE_ZONES.find((z) => name === z || name.endsWith(`.${z}`));
  if (zone || !name.includes(".")) return `'${name}' is a name of private networks`;
  return undefined;
}

const within = (bits: string, start: string, length: number): boolean =>
  bits.slice(0, length) === start.slice(0, length);

const binary = (text: string, base: number, width: number): string =>
  Number.parseInt(text, base).toString(2).padStart(width, "0");

const bitsOfV4 = (address: string): string =>
  address
    .split(".")
    .map((part) => binary(part, 10, 8))
    .join("");

/** Of the form URLs have: groups in hex, at most one run of zeros left out. */
function bitsOfV6(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].map((group) => binary(group, 16, 16)).join("");
}
