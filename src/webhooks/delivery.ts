/** One attempt at one delivery: the request as MLflow sends it, and what its answer means. */
import type { Env } from "../env";
import { checkAddress } from "./addresses";
import { openSecret } from "./secrets";

/** What is sent, and to whom. The same id on every attempt: receivers know repeats by it. */
export interface Delivery {
  deliveryId: string;
  url: string;
  /** Sealed (sealSecret). */
  secret: string | null;
  headers: Record<string, string>;
  body: string;
}

/** `retry` is for what may pass: 429, 5xx, no answer. Anything else that is no 2xx stays as it is. */
export interface Outcome {
  verdict: "delivered" | "refused" | "retry";
  status?: number;
  /** The start of the receiver's answer. */
  responseBody?: string;
  /** Why there was no answer. */
  error?: string;
  /** What the receiver asks to wait, in ms. */
  retryAfter?: number;
}

/** MLflow's. */
const TIMEOUT_MS = 30_000;
/** Characters kept of an answer. */
const MAX_RESPONSE = 65_536;
/** Of the answers from 500 on, those that say a repeat won't help. */
const FINAL_STATUSES = [501, 505];

export const allowsPrivate = (env: Pick<Env, "TIDEMARK_WEBHOOKS_ALLOW_PRIVATE">): boolean =>
  env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE?.toLowerCase() === "true";

/**
 * Never throws. Redirects are not followed: where they lead, nobody checked. `readsBody` has the start of the answer's body
 * returned.
 */
export async function attempt(env: Env, delivery: Delivery, readsBody = false): Promise<Outcome> {
  // Not AbortSignal.timeout, whose timer would keep the object awake long after the answer.
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(new Error(`No answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    // Again, as the rules may have changed since the webhook was made.
    checkAddress(delivery.url, allowsPrivate(env));
    const init = await requestOf(env, delivery, aborter.signal);
    // On one machine the public network is a binding that connects to no private address, whatever a name resolves to.
    const network = allowsPrivate(env) ? undefined : env.PUBLIC_NETWORK;
    const { url, authorization } = splitCredentials(delivery.url);
    if (authorization) init.headers.set("Authorization", authorization);
    const response = await (network ? network.fetch(url, init) : fetch(url, init));
    if (readsBody) return { ...judge(response), responseBody: await startOf(response) };
    // The status counts, whatever happens to the rest.
    await response.body?.cancel().catch(() => {});
    return judge(response);
  } catch (error) {
    const isOurs = error instanceof Error && error.name === "MlflowError";
    return { verdict: isOurs ? "refused" : "retry", error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function requestOf(env: Env, { deliveryId, secret, headers, body }: Delivery, signal: AbortSignal) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const all = new Headers({
    "Content-Type": "application/json",
    "User-Agent": "tidemark-webhooks",
    ...headers,
    "X-MLflow-Delivery-Id": deliveryId,
    "X-MLflow-Timestamp": timestamp,
  });
  const key = secret && (await openSecret(env, secret));
  if (key) all.set("X-MLflow-Signature", await sign(key, `${deliveryId}.${timestamp}.${body}`));
  return { method: "POST", headers: all, body, redirect: "manual", signal } satisfies RequestInit;
}

/** `v1,` and the base64 of the HMAC-SHA256 of `delivery id.timestamp.body`. */
async function sign(secret: string, text: string): Promise<string> {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"]);
  return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))).toBase64()}`;
}

/** `user:password@` of a URL as the header it stands for. */
function splitCredentials(text: string): { url: string; authorization?: string } {
  const url = new URL(text);
  if (url.username === "" && url.password === "") return { url: text };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { url: url.href, authorization: `Basic ${new TextEncoder().encode(pair).toBase64()}` };
}

function judge(response: Response): Outcome {
  const { status } = response;
  if (status >= 200 && status < 300) return { verdict: "delivered", status };
  if ((status !== 429 && status < 500) || FINAL_STATUSES.includes(status)) return { verdict: "refused", status };
  return { verdict: "retry", status, retryAfter: retryAfter(response.headers.get("Retry-After")) };
}

/** Seconds or a date, as ms from now. */
function retryAfter(text: string | null): number | undefined {
  if (!text) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

/** Reads no more than is kept: an answer may be endless. */
async function startOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (reader && text.length < MAX_RESPONSE) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    await reader?.cancel();
  } catch {
    // As above.
  }
  return text.slice(0, MAX_RESPONSE);
}
