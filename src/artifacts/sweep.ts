/** Ends the uploads that clients left behind, for whoever has a clock. */
import { database } from "../db/client";
import type { Env } from "../env";
import { dropOldUploads } from "./multipart";

/** One sweep. Errors go to the log: the next one comes by itself. */
export async function sweepUploads(env: Env, now: number): Promise<void> {
  try {
    const dropped = await dropOldUploads({ bucket: env.ARTIFACTS, db: database(env.DB) }, now);
    if (dropped > 0) console.log(`dropped ${dropped} uploads that were begun a day ago or earlier`);
  } catch (error) {
    console.error("sweeping uploads failed, the next sweep tries again", error);
  }
}
