import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const OBJECTS = "miniflare-R2BucketObject";
/** The blobs of whole objects, and those of parts, of complete uploads or open ones. */
const BLOBS = `SELECT blob_id AS id FROM _mf_objects WHERE blob_id IS NOT NULL
  UNION ALL SELECT blob_id FROM _mf_multipart_parts`;

/**
 * Removes what uploads cut off half-way left on disk: the local R2 writes a file's bytes before it knows of the file, and
 * forgets them when the client goes. To be called while no server runs on the folder.
 * @returns how many there were
 */
export function removeOrphans(data: string, bucket: string): number {
  const blobs = join(data, "r2", bucket, "blobs");
  const databases = join(data, "r2", OBJECTS);
  if (!existsSync(blobs) || !existsSync(databases)) return 0;
  const [file, ...others] = readdirSync(databases).filter(
    (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite",
  );
  // Which database is whose bucket's can't be told from its name.
  if (file === undefined || others.length > 0) return 0;
  const known = knownBlobs(join(databases, file));
  const orphans = known ? readdirSync(blobs).filter((name) => !known.has(name)) : [];
  for (const name of orphans) rmSync(join(blobs, name), { force: true });
  return orphans.length;
}

/** Undefined where they can't be told; then nothing is removed. */
function knownBlobs(file: string): Set<unknown> | undefined {
  try {
    const database = new DatabaseSync(file);
    try {
      return new Set(
        database
          .prepare(BLOBS)
          .all()
          .map((row) => row.id),
      );
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}
