/** Artifacts in R2: putting, listing, deleting. Paths are normalised (see paths.ts); "" is the root. */
import { eq } from "drizzle-orm";
import type { Database } from "../db/client";
import { runs } from "../db/schema";
import { R2_MAX_PARTS, R2_PAGE, R2_PART } from "../limits";
import { invalid, notFound } from "../wire/errors";
import { contentType } from "./media";
import { abandonUpload, finishUpload, putPart, type SentPart, startUpload, type Uploads } from "./multipart";
import { artifactKey, basename } from "./paths";

/** An entry of a directory by its full artifact path; directories have no size. */
export interface Entry {
  path: string;
  isDirectory: boolean;
  size?: number;
}

/** The bucket and the list of its open uploads, as a request has them. */
export const uploadsOf = (c: { env: { ARTIFACTS: R2Bucket }; var: { db: Database } }): Uploads => ({
  bucket: c.env.ARTIFACTS,
  db: c.var.db,
});

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
  uploads: Uploads,
  path: string,
  body: ReadableStream<Uint8Array> | Uint8Array | null,
  length: number | undefined,
): Promise<void> {
  if (body === null || length === 0) await putWhole(uploads.bucket, path, new Uint8Array(0));
  else if (body instanceof Uint8Array || length !== undefined) await putWhole(uploads.bucket, path, body);
  else await putInParts(uploads, path, body);
}

async function putWhole(bucket: R2Bucket, path: string, body: ReadableStream<Uint8Array> | Uint8Array): Promise<void> {
  await bucket.put(artifactKey(path), body, { httpMetadata: { contentType: contentType(basename(path)) } });
}

async function putInParts(uploads: Uploads, path: string, body: ReadableStream<Uint8Array>): Promise<void> {
  let uploadId: string | undefined;
  try {
    const sent: SentPart[] = [];
    for await (const { bytes, last } of equalParts(body, R2_PART)) {
      if (last && !uploadId) {
        await putWhole(uploads.bucket, path, bytes);
        return;
      }
      if (sent.length === R2_MAX_PARTS) throw invalid(`A file may have ${R2_PART * R2_MAX_PARTS} bytes at most.`);
      uploadId ??= await startUpload(uploads, path, Date.now());
      const number = sent.length + 1;
      const part = { path, uploadId, number, parts: last ? number : R2_MAX_PARTS };
      sent.push({ number, etag: await putPart(uploads.bucket, part, bytes, bytes.length) });
    }
    if (uploadId) await finishUpload(uploads, path, uploadId, sent);
  } catch (error) {
    // Where this fails too, the next sweep does it.
    if (uploadId) {
      const failed = (why: unknown) => console.error("Aborting a multipart upload failed", why);
      await abandonUpload(uploads, path, uploadId).catch(failed);
    }
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
