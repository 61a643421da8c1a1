import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Multipart uploads begun and neither completed nor aborted, so that what a client left behind can be swept. A row is
 * written before the first byte is taken, and goes with the upload.
 */
export const openUploads = sqliteTable(
  "open_uploads",
  {
    /** R2's. */
    uploadId: text("upload_id").primaryKey(),
    /** The normalised artifact path it is to become. */
    path: text().notNull(),
    /** ms since 1970. */
    startTime: integer("start_time").notNull(),
  },
  // The sweep asks for the oldest, often and for nothing: a read of none instead of all that are open.
  (t) => [index("open_uploads_by_start").on(t.startTime)],
);

/** Keys this server signs its own addresses with, by purpose: base64 of 32 random bytes each. */
export const signingKeys = sqliteTable("signing_keys", {
  purpose: text().primaryKey(),
  key: text().notNull(),
  creationTime: integer("creation_time").notNull(),
});
