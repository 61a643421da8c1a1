/** Artifacts below an artifact URI (a run's, a model's), as the RPCs and download routes of every room answer them. */
import { invalid, notFound } from "../wire/errors";
import { download } from "./download";
import { joined, pathOfUri } from "./paths";
import { type Entry, isDirectory, listDirectory } from "./store";

/** What lies under a path relative to an artifact URI, as the RPCs answer it. Errors: 501 for a foreign store. */
export async function listUnder(bucket: R2Bucket, uri: string, relative: string) {
  const root = pathOfUri(uri);
  const entries = await listDirectory(bucket, joined(root, relative));
  const within = root === "" ? 0 : root.length + 1;
  return { root_uri: uri, files: wireFiles(entries, (path) => path.slice(within)) };
}

/** The file at a path relative to an artifact URI. Errors: 400 for a directory, 404, 501 for a foreign store. */
export async function downloadUnder(
  bucket: R2Bucket,
  uri: string,
  relative: string,
  request: Request,
): Promise<Response> {
  const path = joined(pathOfUri(uri), relative);
  const found = await download(bucket, path, request);
  if (found) return found;
  if (await isDirectory(bucket, path)) throw invalid(`Artifact path refers to a directory, not a file: '${path}'`);
  throw notFound(`No such artifact: '${path}'`);
}

/** Undefined, and so absent from the answer, where there are none: clients tell files from directories by that. */
export function wireFiles(entries: Entry[], nameOf: (path: string) => string) {
  if (entries.length === 0) return undefined;
  return entries.map(({ path, isDirectory, size }) => ({
    path: nameOf(path),
    is_dir: isDirectory,
    ...(size !== undefined && { file_size: size }),
  }));
}
