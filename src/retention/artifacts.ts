/** The files of what is removed, a page of the bucket at a time. */
import { artifactKey, pathOfUri } from "../artifacts/paths";
import { R2_PAGE } from "../limits";
import { MlflowError } from "../wire/errors";
import type { Budget } from "./budget";

/**
 * Deletes the files below an artifact URI: one page at least, so that every pass gets on. Undefined where the budget
 * ended before they were all gone; else how many there were.
 */
export async function deleteArtifacts(bucket: R2Bucket, uri: string, budget: Budget): Promise<number | undefined> {
  const prefix = ownPrefix(uri);
  if (prefix === undefined) return 0;
  for (let deleted = 0; ; ) {
    // Without a cursor: what is deleted is not listed again.
    const page = await bucket.list({ prefix, limit: R2_PAGE });
    if (page.objects.length > 0) await bucket.delete(page.objects.map(({ key }) => key));
    budget.spend(2);
    deleted += page.objects.length;
    if (!page.truncated) return deleted;
    if (budget.isSpent) return undefined;
  }
}

/**
 * What the keys of a URI's files begin with. Undefined for the root, for what no file can be below, and for another
 * store, which is its owner's to clean.
 */
function ownPrefix(uri: string): string | undefined {
  try {
    const path = pathOfUri(uri);
    return path === "" ? undefined : `${artifactKey(path)}/`;
  } catch (error) {
    if (error instanceof MlflowError) return undefined;
    throw error;
  }
}
