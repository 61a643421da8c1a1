/** Answers GET and HEAD of one artifact: ranges, conditions, and headers that keep a browser from running it. */
import { type ByteRange, contentDisposition, contentType, isActive, parseRange, resolveRange } from "./media";
import { artifactKey, basename } from "./paths";

const CONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"] as const;

/** The answer to a GET or HEAD of the file at a normalised path; undefined if there is no such file. */
export async function download(bucket: R2Bucket, path: string, request: Request): Promise<Response | undefined> {
  const key = artifactKey(path);
  if (request.method === "HEAD") {
    const object = await bucket.head(key);
    return object
      ? new Response(null, { headers: { ...headersOf(object), "Content-Length": `${object.size}` } })
      : undefined;
  }
  const range = await wantedRange(bucket, key, request.headers);
  const object = await get(bucket, key, range, request.headers);
  if (object === null) return undefined;
  if (object instanceof Response) return object;
  const headers = headersOf(object);
  if (!("body" in object)) {
    return new Response(null, { status: failsPrecondition(request.headers) ? 412 : 304, headers });
  }
  const part = range && resolveRange(range, object.size);
  if (!part) return new Response(object.body, { headers: { ...headers, "Content-Length": `${object.size}` } });
  return new Response(object.body, {
    status: 206,
    headers: {
      ...headers,
      "Content-Length": `${part.end - part.start + 1}`,
      "Content-Range": `bytes ${part.start}-${part.end}/${object.size}`,
    },
  });
}

function headersOf(object: R2Object): Record<string, string> {
  const name = basename(object.key);
  const type = contentType(name);
  return {
    "Content-Type": type,
    "Content-Disposition": contentDisposition(name),
    "Accept-Ranges": "bytes",
    ETag: object.httpEtag,
    "Last-Modified": object.uploaded.toUTCString(),
    // Artifacts may be overwritten, and belong to whoever may ask for them.
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    ...(isActive(type) && { "Content-Security-Policy": "sandbox" }),
  };
}

/** The range asked for, unless an If-Range shows that the caller's other bytes are of another version. */
async function wantedRange(bucket: R2Bucket, key: string, headers: Headers): Promise<ByteRange | undefined> {
  const range = parseRange(headers.get("Range"));
  const validator = headers.get("If-Range");
  if (!range || !validator) return range;
  const object = await bucket.head(key);
  const current = object && [object.httpEtag, object.uploaded.toUTCString()].includes(validator);
  return current ? range : undefined;
}

async function get(
  bucket: R2Bucket,
  key: string,
  range: ByteRange | undefined,
  headers: Headers,
): Promise<R2ObjectBody | R2Object | Response | null> {
  try {
    return await bucket.get(key, { onlyIf: conditions(headers), ...(range && { range: r2Range(range) }) });
  } catch (error) {
    // R2 fails on a range outside the object, in words that differ from place to place.
    if (!range) throw error;
    const object = await bucket.head(key);
    if (!object) return null;
    if (resolveRange(range, object.size)) throw error;
    return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${object.size}` } });
  }
}

function r2Range(range: ByteRange): R2Range {
  if ("suffix" in range) return range;
  return range.end === undefined
    ? { offset: range.offset }
    : { offset: range.offset, length: range.end - range.offset + 1 };
}

/** The conditional headers for R2, with ETags that a compressing proxy has weakened made strong again. */
function conditions(headers: Headers): Headers {
  const picked = new Headers();
  for (const name of CONDITIONS) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value.replace(/\bW\/"/g, '"'));
  }
  return picked;
}

const failsPrecondition = (headers: Headers): boolean =>
  headers.has("If-Match") || (headers.has("If-Unmodified-Since") && !headers.has("If-None-Match"));
