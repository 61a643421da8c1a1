/** A folder of artifacts as one tar file, put together here: the server hands out files one by one. */
import { getRaw } from "../api/client";
import { artifactAddress, listArtifacts } from "../api/mlflow";
import { download, fileName } from "../lib/csv";
import { formatBytes } from "../lib/format";
import { tarEnd, tarHeader, tarPadding } from "./tar";

/** A browser holds the file in memory until it is saved. */
const MAX_BYTES = 500_000_000;

/** @param tell gets how far it is */
export async function saveFolder(run: string, folder: string, tell: (progress: string) => void): Promise<void> {
  const files = await allFiles(run, folder);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_BYTES) {
    throw new Error(`${formatBytes(total)} are too much for one download. Fetch it with mlflow artifacts download.`);
  }
  const parts: BlobPart[] = [];
  let done = 0;
  for (const { path } of files) {
    tell(`${formatBytes(done)} of ${formatBytes(total)}`);
    const content = await (await getRaw(artifactAddress(run, path))).blob();
    const name = folder ? path.slice(folder.lastIndexOf("/") + 1) : path;
    parts.push(tarHeader(name, content.size), content, tarPadding(content.size));
    done += content.size;
  }
  parts.push(tarEnd());
  download(`${fileName(folder || `artifacts-${run.slice(0, 8)}`)}.tar`, new Blob(parts, { type: "application/x-tar" }));
}

async function allFiles(run: string, folder: string): Promise<{ path: string; size: number }[]> {
  const found: { path: string; size: number }[] = [];
  for (const { path, is_dir, file_size = 0 } of await listArtifacts(run, folder)) {
    if (is_dir) found.push(...(await allFiles(run, path)));
    else found.push({ path, size: file_size });
  }
  return found;
}
