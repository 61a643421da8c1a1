/** The list of multipart uploads under way, in D1. */
import { asc, eq, inArray, lt } from "drizzle-orm";
import type { Database } from "../db/client";
import { openUploads } from "../db/schema";

export interface OpenUpload {
  uploadId: string;
  path: string;
}

export async function addUpload(db: Database, upload: OpenUpload, now: number): Promise<void> {
  await db.insert(openUploads).values({ ...upload, startTime: now });
}

/** The artifact path of an open upload; undefined for one that is not, or no longer. */
export async function uploadPath(db: Database, uploadId: string): Promise<string | undefined> {
  const [row] = await db.select({ path: openUploads.path }).from(openUploads).where(eq(openUploads.uploadId, uploadId));
  return row?.path;
}

export async function removeUploads(db: Database, uploadIds: string[]): Promise<void> {
  await db.delete(openUploads).where(inArray(openUploads.uploadId, uploadIds));
}

/** The oldest uploads begun before a time, at most `limit` of them. */
export function uploadsBefore(db: Database, time: number, limit: number): Promise<OpenUpload[]> {
  return db
    .select({ uploadId: openUploads.uploadId, path: openUploads.path })
    .from(openUploads)
    .where(lt(openUploads.startTime, time))
    .orderBy(asc(openUploads.startTime))
    .limit(limit);
}
