/** How large a request's body may be. Cloudflare bounds it, and one's own machine doesn't. */
import type { Env } from "../env";
import { CLOUDFLARE_MAX_BODY } from "../limits";
import { MlflowError } from "../wire/errors";

/** The body's declared size in bytes; undefined where none is declared. */
export function declaredLength(request: Request): number | undefined {
  const header = request.headers.get("Content-Length");
  return header === null ? undefined : Number(header);
}

/** Bytes a body may have: as set, else Cloudflare's limit for a request that came through it, else any number. */
export function largestBody(env: Env, request: Request): number {
  const set = Number.parseInt(env.TIDEMARK_MAX_BODY ?? "", 10);
  if (set > 0) return set;
  return request.headers.has("CF-Ray") ? CLOUDFLARE_MAX_BODY : Number.POSITIVE_INFINITY;
}

/** Errors: 413 for a body declared larger than it may be, in words that tell what to set. */
export function checkBodySize(env: Env, request: Request): void {
  const length = declaredLength(request) ?? 0;
  const most = largestBody(env, request);
  if (length <= most) return;
  throw new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `The body has ${length} bytes, and one request may carry ${most}. Send large files in parts: set ` +
      `MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true and MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=${most} where the ` +
      "client runs.",
    { status: 413 },
  );
}
