/// <reference path="./zlib.d.ts" />
/**
 * JSON answers on their way out: compressed where that pays and nobody else does it, and told to be unchanged where the
 * caller has them already. Streams, files and sockets never come here.
 */

/** Shorter answers fit into a few packets as they are. In characters or bytes. */
const MIN_COMPRESSED = 4096;
/** Of zlib's 1 to 9: 6 takes three times as long and saves a twelfth of what 1 leaves of a metric's history. */
const GZIP_LEVEL = 1;

type Json = string | Uint8Array<ArrayBuffer>;

const bodies = new WeakMap<Response, Json>();

/** A 200 of JSON that is text, or its bytes, already. */
export function jsonResponse(json: Json): Response {
  const response = plain(json);
  bodies.set(response, json);
  return response;
}

/** What a handler answered, an object or a Response, as this request wants it. */
export async function finished(request: Request, answer: object): Promise<Response> {
  const json = answer instanceof Response ? bodies.get(answer) : JSON.stringify(answer);
  if (json === undefined) return answer as Response;
  const canBeKept = request.method === "GET";
  const shouldCompress = json.length >= MIN_COMPRESSED && wantsGzip(request) && !isBehindEdge(request);
  if (!canBeKept && !shouldCompress) return answer instanceof Response ? answer : plain(json);
  const bytes = typeof json === "string" ? new TextEncoder().encode(json) : json;
  const headers = new Headers({ "Content-Type": "application/json" });
  if (canBeKept) {
    const tag = await entityTag(bytes);
    headers.set("ETag", tag);
    // To be kept by whoever asked, and never shown again without asking whether it still holds.
    headers.set("Cache-Control", "private, no-cache");
    if (matches(request.headers.get("If-None-Match"), tag)) return new Response(null, { status: 304, headers });
  }
  if (!shouldCompress) return new Response(bytes, { headers });
  const { gzipSync } = await import("node:zlib");
  headers.set("Content-Encoding", "gzip");
  return new Response(gzipSync(bytes, { level: GZIP_LEVEL }), { headers, encodeBody: "manual" });
}

const plain = (json: Json): Response => new Response(json, { headers: { "Content-Type": "application/json" } });

/**
 * A tag that differs whenever the answer does, whoever wrote what. It is weak: the same answer may go out compressed or not.
 */
async function entityTag(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
  return `W/"${hash.toBase64({ alphabet: "base64url", omitPadding: true })}"`;
}

/** Whether an If-None-Match names a tag; weakly compared, as RFC 9110 wants it there. */
function matches(header: string | null, tag: string): boolean {
  if (header === null) return false;
  const opaque = (one: string) => one.trim().replace(/^W\//, "");
  return header.trim() === "*" || header.split(",").some((one) => opaque(one) === opaque(tag));
}

/** Whether Accept-Encoding takes gzip, by name or by a star, and not with weight 0. */
function wantsGzip(request: Request): boolean {
  const weights = new Map<string, number>();
  for (const part of (request.headers.get("Accept-Encoding") ?? "").toLowerCase().split(",")) {
    const [coding = "", ...params] = part.split(";").map((piece) => piece.trim());
    const weight = params.find((param) => param.startsWith("q="))?.slice(2);
    weights.set(coding, weight === undefined ? 1 : Number(weight));
  }
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

/** On Cloudflare the edge compresses what a Worker answers, without taking its CPU time. */
const isBehindEdge = (request: Request): boolean => request.cf?.colo !== undefined;
