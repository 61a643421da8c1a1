import { useMemo, useState } from "preact/hooks";
import { artifactAddress, listArtifacts } from "../api/mlflow";
import type { ArtifactFile, Run } from "../api/types";
import { ArtifactPreview } from "../artifacts/preview";
import { useResource } from "../data/resource";
import { useQueryKey } from "../lib/address";
import { formatBytes, formatCount } from "../lib/format";
import { compareNames, isLive } from "../lib/runs";
import { Icon } from "../parts/icon";
import { ErrorNote, PendingRows } from "../parts/states";

const LIVE_MS = 10_000;

/** A run's artifacts: folders at the left, what is in the chosen file at the right. */
export function RunArtifacts({ run }: { run: Run }) {
  const [path, setPath] = useQueryKey("path");
  const id = run.info.run_id;
  const root = useFolder(run, "");
  return (
    <div class="artifacts">
      <section class="panel artifact-tree" aria-label="Files">
        <div class="panel-head">
          <h2>Artifacts</h2>
          {root.data && root.data.length > 0 && <FolderDownload run={id} path="" />}
        </div>
        {root.error && (
          <ErrorNote stale={root.data !== undefined} what="The artifacts" error={root.error} retry={root.reload} />
        )}
        {!root.data && !root.error && <PendingRows rows={4} label="Loading artifacts" />}
        {root.data?.length === 0 && (
          <p class="foot">
            No artifacts. <code>mlflow.log_artifact("model.txt")</code> logs one.
          </p>
        )}
        {root.data && <Files run={run} files={root.data} chosen={path} onChoose={(file) => setPath(file)} depth={0} />}
      </section>
      {path === undefined ? (
        root.data && root.data.length > 0 && <p class="panel artifact-none quiet">Choose a file to look into it.</p>
      ) : (
        <ArtifactPreview
          key={path}
          address={artifactAddress(id, path)}
          path={path}
          onClose={() => setPath(undefined)}
        />
      )}
    </div>
  );
}

function useFolder(run: Run, path: string) {
  const id = run.info.run_id;
  return useResource(`artifacts ${id} ${path}`, (signal) => listArtifacts(id, path, signal), {
    pollMs: () => (isLive(run.info) ? LIVE_MS : undefined),
  });
}

interface FilesProps {
  run: Run;
  files: readonly ArtifactFile[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
  depth: number;
}

function Files({ run, files, chosen, onChoose, depth }: FilesProps) {
  const ordered = useMemo(
    () =>
      files.toSorted((a, b) => Number(b.is_dir ?? false) - Number(a.is_dir ?? false) || compareNames(a.path, b.path)),
    [files],
  );
  return (
    <ul class="tree">
      {ordered.map((file) =>
        file.is_dir ? (
          <Folder key={file.path} run={run} file={file} chosen={chosen} onChoose={onChoose} depth={depth} />
        ) : (
          <li key={file.path}>
            <button
              type="button"
              class="tree-line"
              style={{ paddingLeft: `${16 + depth * 16}px` }}
              aria-current={chosen === file.path ? "true" : undefined}
              onClick={() => onChoose(file.path)}
            >
              <Icon name="file" size={14} />
              <span class="clip">{nameOf(file.path)}</span>
              <span class="quiet num push" title={`${formatCount(file.file_size ?? 0)} bytes`}>
                {file.file_size === undefined ? "" : formatBytes(file.file_size)}
              </span>
            </button>
          </li>
        ),
      )}
    </ul>
  );
}

function Folder({ run, file, chosen, onChoose, depth }: Omit<FilesProps, "files"> & { file: ArtifactFile }) {
  const [open, setOpen] = useState(chosen?.startsWith(`${file.path}/`) ?? false);
  return (
    <li>
      <div class="tree-folder">
        <button
          type="button"
          class="tree-line"
          style={{ paddingLeft: `${16 + depth * 16}px` }}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="folder" size={14} />
          <span class="clip">{nameOf(file.path)}/</span>
        </button>
        {open && <FolderDownload run={run.info.run_id} path={file.path} />}
      </div>
      {open && <FolderFiles run={run} path={file.path} chosen={chosen} onChoose={onChoose} depth={depth + 1} />}
    </li>
  );
}

function FolderFiles({ path, ...rest }: Omit<FilesProps, "files"> & { path: string }) {
  const { data, error, reload } = useFolder(rest.run, path);
  if (error && !data) return <ErrorNote what="The folder" error={error} retry={reload} />;
  return data ? <Files {...rest} files={data} /> : <PendingRows rows={1} label="Loading the folder" />;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Everything in a folder as one file; what is being fetched is counted. */
function FolderDownload({ run, path }: { run: string; path: string }) {
  const [state, setState] = useState<string | undefined>(undefined);
  const save = async () => {
    try {
      const { saveFolder } = await import("../artifacts/save-folder");
      await saveFolder(run, path, setState);
      setState(undefined);
    } catch (thrown) {
      setState(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <button
      type="button"
      class="button quiet-button"
      onClick={() => void save()}
      aria-live="polite"
      title="Everything here as one tar file"
    >
      {state ?? "Download all"}
    </button>
  );
}
