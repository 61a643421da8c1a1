/** Artifacts in R2: putting, listing, deleting. Paths are normalised (see paths.ts); "" is the root. */
import { eq } from "drizzle-orm";
import type { Database } from "../db/client";
import { runs } from "../db/schema";
import { R2_MAX_PARTS, R2_PAGE, R2_PART } from "../limits";
import { invalid, notFound } from "../wire/errors";
import { contentType } from "./media";
import { artifactKey, basename } from "./paths";

/** An entry of a directory by its full artifact path; directories have no size. */
export interface Entry {
  path: string;
  isDirectory: boolean;
  size?: number;
}

/** The artifact URI of a run. Errors: 404 for an unknown run. */
export async function runArtifactUri(db: Database, runId: string | undefined): Promise<string> {
  const [run] = await db
    .select({ uri: runs.artifactUri })
    .from(runs)
    .where(eq(runs.runId, runId ?? ""));
  if (!run) throw notFound(`Run with id=${runId || "None"} not found`);
  return run.uri;
}

/** What lies directly under a directory, sorted by path; nothing for a file or an unknown path. */
export async function listDirectory(bucket: R2Bucket, path: string): Promise<Entry[]> {
  const prefix = directoryKey(path);
  const root = artifactKey("").length;
  const entries: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, delimiter: "/", limit: R2_PAGE, ...(cursor && { cursor }) });
    for (const object of page.objects) {
      entries.push({ path: object.key.slice(root), isDirectory: false, size: object.size });
    }
    for (const directory of page.delimitedPrefixes) {
      entries.push({ path: directory.slice(root, -1), isDirectory: true });
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether anything lies under a path. The root is a directory even when empty. */
export async function isDirectory(bucket: R2Bucket, path: string): Promise<boolean> {
  if (path === "") return true;
  const { objects } = await bucket.list({ prefix: directoryKey(path), limit: 1 });
  return objects.length > 0;
}

/** Deletes a file, or a directory with all it holds. Deleting what is not there is fine. */
export async function deleteTree(bucket: R2Bucket, path: string): Promise<void> {
  await bucket.delete(artifactKey(path));
  for (;;) {
    const page = await bucket.list({ prefix: directoryKey(path), limit: R2_PAGE });
    if (page.objects.length > 0) await bucket.delete(page.objects.map((object) => object.key));
    if (!page.truncated) return;
  }
}

const directoryKey = (path: string): string => (path === "" ? artifactKey("") : `${artifactKey(path)}/`);

/**
 * Stores a file whole or not at all, with memory that does not grow with it. `length` is the declared size in bytes;
 * without one (chunked transfer) the body goes up in equal parts, as R2 takes no stream of unknown length.
 */
export async function putFile(
  bucket: R2Bucket,
  path: string,
  body: ReadableStream<Uint8Array> | Uint8Array | null,
  length: number | undefined,
): Promise<void> {
  const key = artifactKey(path);
  const options: R2PutOptions = { httpMetadata: { contentType: contentType(basename(path)) } };
  if (body === null || length === 0) await bucket.put(key, new Uint8Array(0), options);
  else if (body instanceof Uint8Array || length !== undefined) await bucket.put(key, body, options);
  else await putInParts(bucket, key, body, options);
}

async function putInParts(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  options: R2PutOptions,
): Promise<void> {
  let upload: R2MultipartUpload | undefined;
  try {
    const parts: R2UploadedPart[] = [];
    for await (const { bytes, last } of equalParts(body, R2_PART)) {
      if (last && !upload) {
        await bucket.put(key, bytes, options);
        return;
      }
      if (parts.length === R2_MAX_PARTS) throw invalid(`A file may have ${R2_PART * R2_MAX_PARTS} bytes at most.`);
      upload ??= await bucket.createMultipartUpload(key, options);
      parts.push(await upload.uploadPart(parts.length + 1, bytes));
    }
    await upload?.complete(parts);
  } catch (error) {
    // R2 drops what is left of an upload after seven days, so a failing abort costs little.
    await upload?.abort().catch((failed: unknown) => console.error("Aborting a multipart upload failed", failed));
    throw error;
  }
}

/**
 * Cuts a stream of bytes into parts of `size` bytes, the last one shorter or, for an empty stream, empty. Two parts are
 * in memory at a time: whether one is the last shows only with the next.
 */
export async function* equalParts(
  body: ReadableStream<Uint8Array>,
  size: number,
): AsyncGenerator<{ bytes: Uint8Array; last: boolean }> {
  const reader = body.getReader({ mode: "byob" });
  const read = async () => (await reader.readAtLeast(size, new Uint8Array(size))).value ?? new Uint8Array(0);
  let bytes = await read();
  while (bytes.length === size) {
    const next = await read();
    if (next.length === 0) break;
    yield { bytes, last: false };
    bytes = next;
  }
  yield { bytes, last: true };
}
