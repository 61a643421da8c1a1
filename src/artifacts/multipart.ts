/**
 * Multipart uploads: one R2 upload each, and a row in D1 from before its first byte until its end, so that nothing a
 * client leaves behind stays. What is not complete is no object, and is seen nowhere.
 */
import type { Database } from "../db/client";
import { R2_MIN_PART, SWEEP_UPLOADS, UPLOAD_MAX_AGE_MS } from "../limits";
import { invalid, type MlflowError, notFound } from "../wire/errors";
import { contentType } from "./media";
import { artifactKey, basename } from "./paths";
import { addUpload, removeUploads, uploadPath, uploadsBefore } from "./upload-store";

/** The bucket and the list of its open uploads. */
export interface Uploads {
  bucket: R2Bucket;
  db: Database;
}

/** A part as R2 answered for it; `etag` with or without quotes. */
export interface SentPart {
  number: number;
  etag: string;
}

/** R2's error codes (developers.cloudflare.com/r2/api/error-codes), as its messages end with them. */
const NO_SUCH_UPLOAD = /\(10024\)/;
const BAD_PARTS = /\((?:10011|10025|10048)\)/;
/** Which upload an object came from, so that completing it twice can be told from completing another. */
const UPLOAD = "upload";

/** Begins an upload of a file and returns its id: a mark that the object will carry, and R2's own id. */
export async function startUpload({ bucket, db }: Uploads, path: string, now: number): Promise<string> {
  const mark = crypto.randomUUID();
  const upload = await bucket.createMultipartUpload(artifactKey(path), {
    httpMetadata: { contentType: contentType(basename(path)) },
    customMetadata: { [UPLOAD]: mark },
  });
  const uploadId = `${mark}.${upload.uploadId}`;
  await addUpload(db, { uploadId, path }, now);
  return uploadId;
}

const markOf = (uploadId: string): string => uploadId.slice(0, uploadId.indexOf("."));

/** R2's id of an upload. */
export const bucketUploadId = (uploadId: string): string => uploadId.slice(uploadId.indexOf(".") + 1);

const resume = (bucket: R2Bucket, path: string, uploadId: string): R2MultipartUpload =>
  bucket.resumeMultipartUpload(artifactKey(path), bucketUploadId(uploadId));

const noUpload = (uploadId: string): MlflowError => notFound(`No multipart upload with id '${uploadId}' is under way.`);

/** Stores one of `parts` parts of `length` bytes and returns its ETag. Errors: 400 for a short one, 404 for no such upload. */
export async function putPart(
  bucket: R2Bucket,
  { path, uploadId, number, parts }: { path: string; uploadId: string; number: number; parts: number },
  body: ReadableStream<Uint8Array> | Uint8Array,
  length: number,
): Promise<string> {
  if (number < parts && length < R2_MIN_PART) {
    throw invalid(
      `Part ${number} of ${parts} has ${length} bytes; every part but the last needs ${R2_MIN_PART} or more. ` +
        "Set MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE to that or more.",
    );
  }
  const sent = await known(uploadId, () => resume(bucket, path, uploadId).uploadPart(number, body));
  return sent.etag;
}

/** Makes the file of its parts, once: doing it again is fine. Errors: 400 for wrong parts, 404 for no such upload. */
export async function finishUpload(
  { bucket, db }: Uploads,
  path: string,
  uploadId: string,
  parts: SentPart[],
): Promise<void> {
  if ((await uploadPath(db, uploadId)) !== path) {
    const object = await bucket.head(artifactKey(path));
    if (object?.customMetadata?.[UPLOAD] === markOf(uploadId)) return;
    throw noUpload(uploadId);
  }
  if (parts.length === 0) throw invalid("A multipart upload needs one part or more.");
  const uploaded = parts
    .map(({ number, etag }) => ({ partNumber: number, etag: etag.replace(/^"|"$/g, "") }))
    .sort((a, b) => a.partNumber - b.partNumber);
  await known(uploadId, () => resume(bucket, path, uploadId).complete(uploaded));
  await removeUploads(db, [uploadId]);
}

/** Drops an upload with all its parts. One that is not under way is dropped already. */
export async function abandonUpload({ bucket, db }: Uploads, path: string, uploadId: string): Promise<void> {
  if ((await uploadPath(db, uploadId)) !== path) return;
  await abort(bucket, path, uploadId);
  await removeUploads(db, [uploadId]);
}

/**
 * Drops what clients began a day ago or earlier and never ended, a few at a time, oldest first. Returns how many.
 * An upload that R2 cannot drop at the moment stays in the list for the next sweep.
 */
export async function dropOldUploads(uploads: Uploads, now: number): Promise<number> {
  const old = await uploadsBefore(uploads.db, now - UPLOAD_MAX_AGE_MS, SWEEP_UPLOADS);
  const results = await Promise.allSettled(old.map(({ path, uploadId }) => abort(uploads.bucket, path, uploadId)));
  const dropped = old.filter((_, i) => results[i]?.status === "fulfilled").map(({ uploadId }) => uploadId);
  for (const result of results)
    if (result.status === "rejected") console.error("dropping an upload failed", result.reason);
  if (dropped.length > 0) await removeUploads(uploads.db, dropped);
  return dropped.length;
}

async function abort(bucket: R2Bucket, path: string, uploadId: string): Promise<void> {
  try {
    await resume(bucket, path, uploadId).abort();
  } catch (error) {
    // Completed by a request that ended before it could say so, or dropped by R2 itself: nothing is left.
    if (!NO_SUCH_UPLOAD.test(String(error))) throw error;
  }
}

/** R2's refusals of what a caller sent, as errors meant for the caller. */
async function known<T>(uploadId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (NO_SUCH_UPLOAD.test(String(error))) throw noUpload(uploadId);
    if (BAD_PARTS.test(String(error))) {
      throw invalid(
        "The parts do not make a file: each must have been sent, with the ETag it was answered with, and all but the " +
          `last must have the same size of ${R2_MIN_PART} bytes or more.`,
      );
    }
    throw error;
  }
}
