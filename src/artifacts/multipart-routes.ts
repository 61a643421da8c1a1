/** Uploads in parts as MLflow's proxy has them, presigned addresses, and the signed route that this Worker's lead to. */

import {
  MAX_PRESIGNED_SECONDS,
  PART_ADDRESS_SECONDS,
  PRESIGNED_DOWNLOAD_SECONDS,
  PRESIGNED_UPLOAD_SECONDS,
  R2_MAX_PARTS,
} from "../limits";
import { getModel } from "../models/logged-model-store";
import { invalid, MlflowError, notFound } from "../wire/errors";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import {
  type Addresses,
  bucketAddresses,
  hasBucketAddresses,
  ownAddresses,
  publicOrigin,
  SIGNED_ROUTE,
} from "./addresses";
import { checkBodySize, declaredLength } from "./body-size";
import { download } from "./download";
import { type Grant, unseal } from "./grants";
import { abandonUpload, finishUpload, putPart, startUpload } from "./multipart";
import { artifactKey, basename, joined, localName, normalised, pathOfUri, requestedPath, safePath } from "./paths";
import { signingKey } from "./signing-key-store";
import { putFile, runArtifactUri, uploadsOf } from "./store";
import { sweepUploads } from "./sweep";

export function multipartRoutes(app: App): void {
  rpc(app, "artifacts.createMultipartUpload", async ({ path: file, num_parts: parts = 1 }, c) => {
    if (parts < 1 || parts > R2_MAX_PARTS) {
      throw invalid(
        `num_parts must be between 1 and ${R2_MAX_PARTS} (got ${parts}); MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE sets how large they are.`,
      );
    }
    const path = uploadedPath(c, "create", file);
    const addresses = await addressesFor(c);
    const uploadId = await startUpload(uploadsOf(c), path, Date.now());
    const urls = await addresses.parts(path, uploadId, parts, PART_ADDRESS_SECONDS);
    // Also where no clock wakes this Worker: whoever leaves uploads behind began them here.
    c.executionCtx.waitUntil(sweepUploads(c.env, Date.now()));
    return {
      upload_id: uploadId,
      credentials: urls.map((url, i) => ({ url, part_number: i + 1, headers: {} })),
    };
  });
  rpc(app, "artifacts.completeMultipartUpload", async ({ path: file, upload_id = "", parts }, c) => {
    const sent = parts.map(({ part_number = 0, etag = "" }) => ({ number: part_number, etag }));
    await finishUpload(uploadsOf(c), uploadedPath(c, "complete", file), upload_id, sent);
    return {};
  });
  rpc(app, "artifacts.abortMultipartUpload", async ({ path: file, upload_id = "" }, c) => {
    await abandonUpload(uploadsOf(c), uploadedPath(c, "abort", file), upload_id);
    return {};
  });
  raw(app, "artifacts.getPresignedDownloadUrl", async (c) => {
    const asked = safePath(requestedPath(c.req.url, "/mlflow-artifacts/presigned/"));
    const { url, size } = await presignDownload(c, normalised(asked), PRESIGNED_DOWNLOAD_SECONDS);
    return Response.json({ url, headers: {}, file_size: size });
  });

  rpc(app, "createPresignedUploadUrl", async ({ run_id, model_id, path, expiration = PRESIGNED_UPLOAD_SECONDS }, c) => {
    if (Boolean(run_id) === Boolean(model_id)) throw invalid("Exactly one of run_id and model_id must be provided.");
    const relative = safePath(path);
    if (["", "."].includes(basename(relative))) throw invalid("Invalid path");
    checkExpiration(expiration);
    const uri = model_id
      ? (await getModel(c.var.db, model_id, false)).artifactUri
      : await runArtifactUri(c.var.db, run_id);
    const target = joined(pathOfUri(uri), relative);
    artifactKey(target);
    return { presigned_url: await (await addressesFor(c)).put(target, expiration), headers: {} };
  });
  rpc(app, "createPresignedDownloadUrl", async ({ run_id, path, expiration = PRESIGNED_DOWNLOAD_SECONDS }, c) => {
    const relative = safePath(path);
    checkExpiration(expiration);
    const target = joined(pathOfUri(await runArtifactUri(c.var.db, run_id)), relative);
    const { url, size } = await presignDownload(c, target, expiration);
    return { presigned_url: url, headers: {}, file_size: size };
  });

  app.get(`${SIGNED_ROUTE}:grant`, async (c) => {
    const { path } = await grantOf(c, "get");
    const found = await download(c.env.ARTIFACTS, path, c.req.raw);
    if (!found) throw notFound(`No such artifact: '${path}'`);
    return found;
  });
  app.put(`${SIGNED_ROUTE}:grant`, async (c) => {
    const { path } = await grantOf(c, "put");
    checkBodySize(c.env, c.req.raw);
    await putFile(uploadsOf(c), path, c.req.raw.body, declaredLength(c.req.raw));
    return new Response(null);
  });
  app.put(`${SIGNED_ROUTE}:grant/:part`, signedPart);
}

async function signedPart(c: AppContext): Promise<Response> {
  const grant = await grantOf(c, "part");
  const number = Number(c.req.param("part"));
  if (!(Number.isInteger(number) && number >= 1 && number <= grant.parts)) {
    throw invalid(`There is no part '${c.req.param("part")}' of ${grant.parts}.`);
  }
  checkBodySize(c.env, c.req.raw);
  const length = declaredLength(c.req.raw);
  if (length === undefined) {
    throw new MlflowError("INVALID_PARAMETER_VALUE", "A part needs a Content-Length.", { status: 411 });
  }
  const part = { path: grant.path, uploadId: grant.upload, number, parts: grant.parts };
  const etag = await putPart(c.env.ARTIFACTS, part, c.req.raw.body ?? new Uint8Array(0), length);
  return new Response(null, { headers: { ETag: `"${etag}"` } });
}

/** The normalised path of an upload: its directory from the address, its name from the file on the client's machine. */
function uploadedPath(c: AppContext, step: "create" | "complete" | "abort", file: string): string {
  const directory = safePath(requestedPath(c.req.url, `/mlflow-artifacts/mpu/${step}/`));
  return joined(directory, localName(file));
}

async function addressesFor(c: AppContext): Promise<Addresses> {
  if (hasBucketAddresses(c.env)) return bucketAddresses(c.env);
  return ownAddresses(publicOrigin(c.env, c.req.raw), await signingKey(c.var.db), Date.now());
}

/** An address to read a file from. Errors: 404 where there is none. */
async function presignDownload(c: AppContext, path: string, seconds: number): Promise<{ url: string; size: number }> {
  const object = path === "" ? null : await c.env.ARTIFACTS.head(artifactKey(path));
  if (!object) throw notFound(`No such artifact: '${path}'`);
  return { url: await (await addressesFor(c)).get(path, seconds), size: object.size };
}

/** The grant of a signed address. Errors: 403 for a bad one, or one for something else. */
async function grantOf<May extends Grant["may"]>(c: AppContext, may: May): Promise<Extract<Grant, { may: May }>> {
  const grant = await unseal(await signingKey(c.var.db), c.req.param("grant") ?? "", Date.now());
  if (grant.may !== may) throw new MlflowError("PERMISSION_DENIED", `This address is not one to ${may} with.`);
  return grant as Extract<Grant, { may: May }>;
}

function checkExpiration(seconds: number): void {
  if (seconds >= 1 && seconds <= MAX_PRESIGNED_SECONDS) return;
  throw invalid(`expiration must be between 1 and ${MAX_PRESIGNED_SECONDS} seconds (got ${seconds}).`);
}
