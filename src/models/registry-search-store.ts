/** Pages of registered models and of their versions. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { transact } from "../db/transact";
import { MODEL_VERSIONS_PAGE } from "../limits";
import type { ModelVersion, RegisteredModel } from "./registry";
import { type Asked, modelsPage, versionsPage } from "./registry-search";
import { assembleModels, assembleVersions, BY_STAGE, modelReads, versionReads, versionsWhere } from "./registry-sql";

interface Found<T> {
  found: T[];
  next_page_token?: string;
}

/** A page of models with all they have. Errors: 400 for what is no search. */
export async function searchRegisteredModels(
  db: Database,
  asked: Asked,
  limit: number,
): Promise<Found<RegisteredModel>> {
  const page = modelsPage(asked, limit);
  const answers = await transact(db, modelReads(sql.raw(page.where), sql.raw(page.tail), page.values, BY_STAGE));
  return cut(assembleModels(...answers), limit, page.tokenAfter);
}

/** A page of versions with their tags. A larger one than fits is cut; the token leads on. Errors: 400 for what is no search. */
export async function searchModelVersions(db: Database, asked: Asked, limit: number): Promise<Found<ModelVersion>> {
  const most = Math.min(limit, MODEL_VERSIONS_PAGE);
  const page = versionsPage(asked, most);
  const answers = await transact(db, versionReads(versionsWhere(sql.raw(page.where), sql.raw(page.tail)), page.values));
  return cut(assembleVersions(...answers), most, page.tokenAfter);
}

/** The row beyond the page only tells that there is another one. */
function cut<T>(found: T[], limit: number, tokenAfter: (last: T) => string): Found<T> {
  const last = found[limit - 1];
  return found.length > limit && last ? { found: found.slice(0, limit), next_page_token: tokenAfter(last) } : { found };
}
