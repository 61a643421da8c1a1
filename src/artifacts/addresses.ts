/**
 * Addresses that stand for one operation on one artifact and need no credentials: R2's own, presigned, where its S3
 * credentials are set, so that the bytes pass the Worker by; else signed ones of this Worker, which every plan and one's
 * own machine have.
 */
import { AwsClient } from "aws4fetch";
import type { Env } from "../env";
import { type Grant, seal } from "./grants";
import { contentDisposition } from "./media";
import { bucketUploadId } from "./multipart";
import { artifactKey, basename } from "./paths";

export const SIGNED_ROUTE = "/api/2.0/mlflow-artifacts/signed/";

/** Makes addresses that hold for `seconds`. */
export interface Addresses {
  get(path: string, seconds: number): Promise<string>;
  put(path: string, seconds: number): Promise<string>;
  /** Those of parts 1 to `parts`, in order. */
  parts(path: string, uploadId: string, parts: number, seconds: number): Promise<string[]>;
}

/** Whether addresses are R2's own. */
export const hasBucketAddresses = (env: Env): boolean =>
  Boolean(env.TIDEMARK_R2_BUCKET_URL && env.TIDEMARK_R2_ACCESS_KEY_ID && env.TIDEMARK_R2_SECRET_ACCESS_KEY);

/** R2's presigned addresses. `env` must have its credentials. */
export function bucketAddresses(env: Env): Addresses {
  const client = new AwsClient({
    accessKeyId: env.TIDEMARK_R2_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.TIDEMARK_R2_SECRET_ACCESS_KEY ?? "",
    service: "s3",
    region: "auto",
  });
  const bucketUrl = (env.TIDEMARK_R2_BUCKET_URL ?? "").replace(/\/+$/, "");
  const sign = async (method: string, path: string, seconds: number, query: Record<string, string>) => {
    const url = new URL(`${bucketUrl}/${artifactKey(path).split("/").map(encodeURIComponent).join("/")}`);
    for (const [name, value] of Object.entries({ ...query, "X-Amz-Expires": `${seconds}` })) {
      url.searchParams.set(name, value);
    }
    return (await client.sign(url, { method, aws: { signQuery: true } })).url;
  };
  return {
    get: (path, seconds) =>
      sign("GET", path, seconds, { "response-content-disposition": contentDisposition(basename(path)) }),
    put: (path, seconds) => sign("PUT", path, seconds, {}),
    parts: (path, uploadId, parts, seconds) =>
      Promise.all(
        numbers(parts).map((number) =>
          sign("PUT", path, seconds, { partNumber: `${number}`, uploadId: bucketUploadId(uploadId) }),
        ),
      ),
  };
}

/** Addresses of this Worker below `origin`, signed with its key. */
export function ownAddresses(origin: string, key: CryptoKey, now: number): Addresses {
  const address = async (grant: Grant) => `${origin}${SIGNED_ROUTE}${await seal(key, grant)}`;
  const until = (seconds: number) => now + seconds * 1000;
  return {
    get: (path, seconds) => address({ may: "get", path, until: until(seconds) }),
    put: (path, seconds) => address({ may: "put", path, until: until(seconds) }),
    async parts(path, uploadId, parts, seconds) {
      // One signature for all: an upload of 10,000 parts would else take more time than the free plan gives.
      const all = await address({ may: "part", path, upload: uploadId, parts, until: until(seconds) });
      return numbers(parts).map((number) => `${all}/${number}`);
    },
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Where clients reach this Worker: as set, or as they just did, through a proxy that ends TLS or without one. */
export function publicOrigin(env: Env, request: Request): string {
  if (env.TIDEMARK_PUBLIC_URL) return env.TIDEMARK_PUBLIC_URL.replace(/\/+$/, "");
  const url = new URL(request.url);
  if (request.headers.get("X-Forwarded-Proto") === "https") url.protocol = "https:";
  return url.origin;
}
