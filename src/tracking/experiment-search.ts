/** The filter and order of an experiment search, as far as names go. */
import { and, type SQL, sql } from "drizzle-orm";
import { D1_MAX_PATTERN } from "../limits";
import { invalid, MlflowError } from "../wire/errors";

const CLAUSE = /^\s*(?:attribute\.)?[`"]?name[`"]?\s*(=|!=|\bLIKE\b|\bILIKE\b)\s*(?:'([^']*)'|"([^"]*)")\s*/;

/** A filter of one or more clauses on the name. Errors: 400 for no clause, 501 for anything but names. */
export function experimentFilter(filter: string | undefined): SQL | undefined {
  if (!filter) return undefined;
  if (filter.trim() === "") throw invalid(`Invalid filter '${filter}'. Could not be parsed.`);
  const clauses: SQL[] = [];
  for (let rest = filter; rest !== ""; ) {
    const match = CLAUSE.exec(rest);
    if (!match) {
      throw new MlflowError("NOT_IMPLEMENTED", `This server can't filter experiments by '${rest}' yet.`);
    }
    const [clause, operator = "=", single, double] = match;
    clauses.push(nameClause(operator, single ?? double ?? ""));
    rest = rest.slice(clause.length).replace(/^AND\b/i, "");
  }
  return and(...clauses);
}

function nameClause(operator: string, value: string): SQL {
  if (operator === "=") return sql`name = ${value}`;
  if (operator === "!=") return sql`name <> ${value}`;
  // SQLite's LIKE knows no case, as ILIKE wants it; GLOB does.
  const pattern = operator === "ILIKE" ? value : globOf(value);
  if (new TextEncoder().encode(pattern).length > D1_MAX_PATTERN) {
    throw invalid(`The pattern '${value}' is too long: the database takes at most ${D1_MAX_PATTERN} bytes.`);
  }
  return operator === "ILIKE" ? sql`name LIKE ${pattern}` : sql`name GLOB ${pattern}`;
}

const globOf = (like: string): string =>
  like.replace(/[[*?]/g, "[$&]").replace(/[%_]/g, (wildcard) => (wildcard === "%" ? "*" : "?"));

const COLUMNS: Readonly<Record<string, SQL>> = {
  name: sql`name`,
  // A decimal text: it orders as the number it is.
  experiment_id: sql`CAST(experiment_id AS INTEGER)`,
  creation_time: sql`creation_time`,
  last_update_time: sql`last_update_time`,
};

const ORDER = /^(?:([\w]+)\.)?([`"]?)([\w]+)\2(?:\s+(\S+))?$/;

/** The order of a search: newest first unless told otherwise. Errors: 400 for anything that names no column. */
export function experimentOrder(orderBy: readonly string[] = []): SQL[] {
  const byId = sql`CAST(experiment_id AS INTEGER)`;
  if (orderBy.length === 0) return [sql`creation_time DESC`, byId];
  const order = orderBy.map((clause) => {
    const match = ORDER.exec(clause);
    if (!match) throw invalid(`Invalid order_by clause '${clause}'. Could not be parsed.`);
    const [, entity = "attribute", , key = "", direction = "ASC"] = match;
    if (!/^(asc|desc)$/i.test(direction)) throw invalid(`Invalid ordering key in order_by clause '${clause}'.`);
    if (entity === "tag" || entity === "tags") throw invalid("Invalid order_by entity: tag");
    if (entity !== "attribute") {
      throw invalid(`Invalid entity type '${entity}'. Valid entity types are ('attribute', 'tag', 'tags')`);
    }
    const column = Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
    if (!column) {
      throw invalid(
        `Invalid attribute key '${key}' specified. Valid keys are '{'creation_time', 'last_update_time', ` +
          `'experiment_id', 'name'}'`,
      );
    }
    return /^desc$/i.test(direction) ? sql`${column} DESC` : column;
  });
  return [...order, sql`${byId} DESC`];
}
