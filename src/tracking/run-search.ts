/** Which runs a search asks for, as conditions and order in SQL. */
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import { runs } from "../db/schema";
import { invalid, MlflowError } from "../wire/errors";
import { experimentId } from "./experiment";
import { inView, type ViewType } from "./views";

/** The runs of some experiments in a view. Ids are checked; unknown ones find nothing. Errors: 400 for no integer. */
export function runsOf(experimentIds: readonly string[], view: ViewType | undefined): SQL | undefined {
  const ids = experimentIds.map(experimentId);
  const [only] = ids;
  const among =
    ids.length === 1 && only !== undefined
      ? eq(runs.experimentId, only)
      : inArray(runs.experimentId, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`);
  return and(among, inView(runs.lifecycleStage, view));
}

/** Errors: 501 for a filter other than none. */
export function checkRunFilter(filter: string | undefined): void {
  if (!filter) return;
  if (filter.trim() === "") throw invalid(`Invalid filter '${filter}'. Could not be parsed.`);
  throw new MlflowError("NOT_IMPLEMENTED", `This server can't filter runs yet; the filter was '${filter}'.`);
}

const BY_START = /^(?:(?:attributes?|attr|run)\.)?[`"]?(?:start_time|created)[`"]?(?:\s+(asc|desc))?$/i;

/** The order of a search: by start time, newest first unless told otherwise. Errors: 501 for any other order. */
export function runOrder(orderBy: readonly string[] = []): SQL[] {
  const [clause] = orderBy;
  if (clause === undefined) return [sql`start_time DESC`, sql`run_id`];
  const match = BY_START.exec(clause);
  if (!match || orderBy.length > 1) {
    throw new MlflowError("NOT_IMPLEMENTED", `This server can't order runs by '${orderBy.join(", ")}' yet.`);
  }
  const descending = match[1]?.toLowerCase() === "desc";
  return descending ? [sql`start_time DESC`, sql`run_id`] : [sql`start_time`, sql`run_id`];
}
