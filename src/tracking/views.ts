/** Views of a search: active ones, deleted ones, or both. */
import { type Column, eq, inArray, type SQL } from "drizzle-orm";

export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

/** The rows of a view; active ones where none is named. Both stages are spelt out so that an index on them serves. */
export function inView(stage: Column, view: ViewType = "ACTIVE_ONLY"): SQL {
  if (view === "ALL") return inArray(stage, ["active", "deleted"]);
  return eq(stage, view === "DELETED_ONLY" ? "deleted" : "active");
}
