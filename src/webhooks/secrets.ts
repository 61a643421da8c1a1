/**
 * Secrets of webhooks as the database keeps them: sealed with the deployment's own key (TIDEMARK_WEBHOOKS_SECRET_KEY)
 * where it has one, so that a copy of the database gives none away; readable there where it has none.
 */
import type { Env } from "../env";

type KeyEnv = Pick<Env, "TIDEMARK_WEBHOOKS_SECRET_KEY">;

const SEALED = "v1.";
const PLAIN = "plain.";
const NONCE_BYTES = 12;
/** Tells this use of the key from others it may get one day. */
const PURPOSE = "tidemark webhook secrets v1";

/** AES-256-GCM, its key derived from the deployment's by HKDF-SHA-256: `v1.` and nonce and text in base64. */
export async function sealSecret(env: KeyEnv, secret: string): Promise<string> {
  const key = await keyOf(env);
  if (!key) return PLAIN + secret;
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, utf8(secret)));
  const whole = new Uint8Array(NONCE_BYTES + sealed.length);
  whole.set(iv);
  whole.set(sealed, NONCE_BYTES);
  return SEALED + whole.toBase64();
}

/** The secret itself. Throws where the key it was sealed with is missing or another. */
export async function openSecret(env: KeyEnv, stored: string): Promise<string> {
  if (stored.startsWith(PLAIN)) return stored.slice(PLAIN.length);
  const key = await keyOf(env);
  if (!key) throw new Error("The secret is sealed, and TIDEMARK_WEBHOOKS_SECRET_KEY is not set");
  const whole = Uint8Array.fromBase64(stored.slice(SEALED.length));
  const iv = whole.subarray(0, NONCE_BYTES);
  try {
    return new TextDecoder().decode(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, whole.subarray(NONCE_BYTES)),
    );
  } catch {
    throw new Error("The secret was sealed with another TIDEMARK_WEBHOOKS_SECRET_KEY than the one that is set");
  }
}

async function keyOf(env: KeyEnv): Promise<CryptoKey | undefined> {
  const given = env.TIDEMARK_WEBHOOKS_SECRET_KEY;
  if (!given) return undefined;
  const base = await crypto.subtle.importKey("raw", utf8(given), "HKDF", false, ["deriveKey"]);
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(PURPOSE) },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

const utf8 = (text: string) => new TextEncoder().encode(text);
