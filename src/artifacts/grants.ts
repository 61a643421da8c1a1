/**
 * Signed grants: what the bearer of an address may do with one artifact until a time, for clients that are handed an
 * address and send no credentials to it. Pure but for the key it is given.
 */
import { MlflowError } from "../wire/errors";

/** `path` is a normalised artifact path, `until` ms since 1970. */
export type Grant = { path: string; until: number } & (
  | { may: "get" | "put" }
  /** Puts any of the parts 1 to `parts` of one multipart upload. */
  | { may: "part"; upload: string; parts: number }
);

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

const refused = (why: string): MlflowError => new MlflowError("PERMISSION_DENIED", why);

/** 32 random bytes for a new key, as base64. */
export const newKey = (): string => crypto.getRandomValues(new Uint8Array(32)).toBase64();

/** A key of `newKey` for use. */
export const importKey = (key: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", Uint8Array.fromBase64(key), HMAC, false, ["sign", "verify"]);

/** A grant as a text for an address. */
export async function seal(key: CryptoKey, grant: Grant): Promise<string> {
  const claims = new TextEncoder().encode(JSON.stringify(grant));
  const signature = new Uint8Array(await crypto.subtle.sign(HMAC, key, claims));
  return `${claims.toBase64(BASE64)}.${signature.toBase64(BASE64)}`;
}

/** The grant that a text of `seal` holds. Errors: 403 for any other text, and after its time. */
export async function unseal(key: CryptoKey, text: string, now: number): Promise<Grant> {
  const [claims, signature, ...rest] = text.split(".").map(bytesOf);
  const isOurs = claims && signature && rest.length === 0 && (await crypto.subtle.verify(HMAC, key, signature, claims));
  if (!isOurs) throw refused("The signature of this address is not valid.");
  const grant = JSON.parse(new TextDecoder().decode(claims)) as Grant;
  if (now >= grant.until) throw refused("The time of this address is over.");
  return grant;
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}
