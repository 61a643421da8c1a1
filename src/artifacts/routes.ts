/** The mlflow-artifacts proxy, a run's artifacts by run id, and the page's own upload and download routes. */
import { MAX_PAGE_UPLOAD } from "../limits";
import { invalid, notFound } from "../wire/errors";
import { type App, type AppContext, raw, rpc } from "../wire/rpc";
import { checkBodySize, declaredLength } from "./body-size";
import { download } from "./download";
import { multipartRoutes } from "./multipart-routes";
import { basename, joined, normalised, pathOfUri, requestedPath, safePath } from "./paths";
import { downloadUnder, listUnder, wireFiles } from "./serve";
import { deleteTree, equalParts, isDirectory, listDirectory, putFile, runArtifactUri, uploadsOf } from "./store";

export function artifactRoutes(app: App): void {
  rpc(app, "artifacts.listArtifacts", async ({ path = "" }, c) => {
    const entries = await listDirectory(c.env.ARTIFACTS, normalised(safePath(path)));
    return { files: wireFiles(entries, basename) };
  });
  // The contract names these two twice: once as RPCs of MLflow's protocol, once as the server's own routes.
  for (const name of ["artifacts.downloadArtifact", "Download Artifact"]) raw(app, name, proxyDownload);
  for (const name of ["artifacts.uploadArtifact", "Upload Artifact"]) raw(app, name, proxyUpload);
  // The contract's routes want a path; the root's own address deserves the answer other directories get.
  for (const api of ["/api", "/ajax-api"]) {
    app.get(`${api}/2.0/mlflow-artifacts/artifacts/`, proxyDownload);
    app.put(`${api}/2.0/mlflow-artifacts/artifacts/`, proxyUpload);
  }
  raw(app, "artifacts.deleteArtifact", async (c) => {
    const path = normalised(safePath(requestedPath(c.req.url)));
    // Only a path of dots and slashes gets here empty, and nobody means to delete everything by that.
    if (path === "") throw invalid("Invalid path");
    await deleteTree(c.env.ARTIFACTS, path);
    return Response.json({});
  });

  rpc(app, "listArtifacts", async ({ run_id, path }, c) => {
    const relative = safePath(path ?? "");
    return listUnder(c.env.ARTIFACTS, await runArtifactUri(c.var.db, run_id), relative);
  });
  raw(app, "serve_artifacts", async (c) => {
    const path = c.req.query("path");
    if (path === undefined) throw invalid("Request must specify path.");
    const relative = safePath(path);
    const uri = await runArtifactUri(c.var.db, c.req.query("run_id") || c.req.query("run_uuid"));
    return downloadUnder(c.env.ARTIFACTS, uri, relative, c.req.raw);
  });
  raw(app, "serve_upload_artifact", pageUpload);
  multipartRoutes(app);
}

async function proxyDownload(c: AppContext): Promise<Response> {
  const asked = safePath(requestedPath(c.req.url));
  const path = normalised(asked);
  const found = path === "" ? undefined : await download(c.env.ARTIFACTS, path, c.req.raw);
  if (found) return found;
  if (await isDirectory(c.env.ARTIFACTS, path))
    return detail(`Artifact path refers to a directory, not a file: '${asked}'`);
  throw notFound(`No such artifact: '${asked}'`);
}

async function proxyUpload(c: AppContext): Promise<Response> {
  const path = safePath(requestedPath(c.req.url));
  if (["", "."].includes(basename(path))) {
    return detail("Artifact path must include a filename (cannot end with '/').");
  }
  checkBodySize(c.env, c.req.raw);
  await putFile(uploadsOf(c), normalised(path), c.req.raw.body, declaredLength(c.req.raw));
  return new Response(null);
}

/** The proxy's own complaints have this form in MLflow; those shared with other routes have the usual envelope. */
const detail = (text: string): Response => Response.json({ detail: text }, { status: 400 });

async function pageUpload(c: AppContext): Promise<Response> {
  const runId = c.req.query("run_uuid");
  if (!runId) throw invalid("Request must specify run_uuid.");
  const asked = c.req.query("path");
  if (!asked) throw invalid("Request must specify path.");
  const path = safePath(asked);
  if (["", "."].includes(basename(path))) throw invalid("Invalid path");
  const data = await readAtMost(c.req.raw.body, MAX_PAGE_UPLOAD);
  if (data === undefined) throw invalid("Artifact size is too large. Max size is 10MB.");
  if (data.length === 0) throw invalid("Request must specify data.");
  const root = pathOfUri(await runArtifactUri(c.var.db, runId));
  await putFile(uploadsOf(c), joined(root, path), data, data.length);
  return new Response(null, { headers: { "Content-Type": "application/json" } });
}

/** A body of at most `limit` bytes; undefined if it has more. */
async function readAtMost(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array(0);
  for await (const { bytes, last } of equalParts(body, limit)) return last ? bytes : undefined;
  return undefined;
}
