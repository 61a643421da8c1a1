import { artifactAddress, listArtifacts } from "../api/mlflow";
import type { ArtifactFile, Run } from "../api/types";
import { useResource } from "../data/resource";
import { hashHref, runPath, useQueryKey } from "../lib/address";
import { formatBytes, formatCount } from "../lib/format";
import { isLive } from "../lib/runs";
import { ErrorNote, PendingRows } from "../parts/states";

const LIVE_MS = 10_000;

/** One folder of a run's artifacts; the address says which. */
export function RunArtifacts({ run }: { run: Run }) {
  const [path = ""] = useQueryKey("path");
  const id = run.info.run_id;
  const { data, error, reload } = useResource(`artifacts ${id} ${path}`, (signal) => listArtifacts(id, path, signal), {
    pollMs: () => (isLive(run.info) ? LIVE_MS : undefined),
  });
  return (
    <section class="panel" aria-label="Artifacts">
      <div class="panel-head">
        <Crumbs run={id} path={path} />
      </div>
      {error && <ErrorNote stale={data !== undefined} what="The artifacts" error={error} retry={reload} />}
      {!data && !error && <PendingRows rows={4} label="Loading artifacts" />}
      {data && data.length === 0 && (
        <p class="foot">
          {path ? "Nothing is in this folder." : "No artifacts."} <code>mlflow.log_artifact("model.txt")</code> logs
          one.
        </p>
      )}
      {data && data.length > 0 && <Files run={id} files={data} />}
    </section>
  );
}

function Crumbs({ run, path }: { run: string; path: string }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav class="path" aria-label="Folder">
      <a href={folderHref(run, "")} aria-current={parts.length === 0 ? "page" : undefined}>
        Artifacts
      </a>
      {parts.map((part, i) => (
        <span key={parts.slice(0, i + 1).join("/")}>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <a
            href={folderHref(run, parts.slice(0, i + 1).join("/"))}
            aria-current={i === parts.length - 1 ? "page" : undefined}
          >
            {part}
          </a>
        </span>
      ))}
    </nav>
  );
}

function Files({ run, files }: { run: string; files: ArtifactFile[] }) {
  const ordered = [...files].sort(
    (a, b) => Number(b.is_dir ?? false) - Number(a.is_dir ?? false) || a.path.localeCompare(b.path),
  );
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="right">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {ordered.map((file) => {
          const name = file.path.slice(file.path.lastIndexOf("/") + 1);
          return (
            <tr key={file.path}>
              <th scope="row" class="clip">
                {file.is_dir ? (
                  <a class="row-name" href={folderHref(run, file.path)}>
                    {name}/
                  </a>
                ) : (
                  <a class="row-name" href={artifactAddress(run, file.path)} download={name}>
                    {name}
                  </a>
                )}
              </th>
              <td
                class="right num"
                title={file.file_size === undefined ? undefined : `${formatCount(file.file_size)} bytes`}
              >
                {file.file_size === undefined ? "" : formatBytes(file.file_size)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function folderHref(run: string, path: string): string {
  const folder = runPath(run, "artifacts");
  return hashHref(path ? `${folder}?${new URLSearchParams({ path })}` : folder);
}
