/**
 * How a search of runs is answered: which index leads, and what a page costs. The statements are made here and run by
 * run-search.ts.
 *
 * Counts say first how many runs each comparison leads to, as far as that is few: the one with the fewest then leads,
 * and its runs are looked at and sorted. Where none leads to few, the search is tried along its order: the runs are
 * taken from the index that sorts them (start time, or the first metric, param or tag it sorts by), each is looked at,
 * and the page is full after a few; but no more than a bounded number is looked at. Either way an answer's cost follows
 * from its size, not from the table's.
 */
import { conjuncts, joined, numberCondition, Params, type Statement, textCondition } from "../search/conditions";
import { comparisons, type OrderKey } from "../search/filter";
import type { Comparison, Filter } from "../search/kind";
import { after, notBefore, orderBy, type Place, type SortColumn, sortColumns } from "../search/places";
import { type Driver, driversOf, inExperiments, inStages, type RunScope, runCondition } from "./run-filter";
import { isByStart, type RunOrder, runOrder } from "./run-order";
import { RUN_TEXT, RUN_TEXT_COLUMNS } from "./run-text";

/** Runs that a first try looks at, at most, where the page is not larger; it ends where the page is full. */
const FIRST_LOOK = 8000;
/** Runs that a wider try may look at, where the first one found how many of them match. */
const LONGEST_LOOK = 40_000;
/** How far the runs of a comparison are counted. */
const COUNT_LIMIT = 5000;
/** Comparisons that are counted: a function takes 32 arguments in D1, and more would tell little more. */
const MAX_COUNTED = 20;

export interface RunQuery {
  scope: RunScope;
  filter: Filter | undefined;
  order: readonly OrderKey[];
  /** Rows wanted: one more than the page has. */
  rows: number;
  /** Where the page before ended. */
  place: Place | undefined;
  /** Whether the runs' text comes along, or their ids alone. */
  text: boolean;
}

/** Whether an index gives the order of a query: that of start time, or that of one experiment's metrics, params or tags. */
export function canLead(query: RunQuery): boolean {
  if (isByStart(query.order)) return true;
  const lead = leadOf(query.order);
  return lead !== undefined && query.scope.experimentIds.length === 1 && ranksOf(query, lead).length > 0;
}

/** Whether a page along the order is right whatever it looks at: nothing it passes over could have been on it. */
export const isExact = ({ filter, order }: RunQuery): boolean => filter === undefined && isByStart(order);

export const firstLook = (query: RunQuery): number =>
  isExact(query) ? query.rows : Math.max(FIRST_LOOK, query.rows * 2);

/** How far a wider try must look, by what the last one found; undefined where that is too far. */
export function widerLook(query: RunQuery, found: number, look: number): number | undefined {
  if (found === 0) return undefined;
  const wider = Math.ceil((query.rows / found) * look * 1.5);
  return wider <= LONGEST_LOOK ? wider : undefined;
}

/**
 * A page along its order that looks at `look` runs of each of its scans at most. Where it is not full, a last row without
 * an id says in `k0`, as a JSON list, how many entries each of the scans had at hand, up to `look`.
 */
export function tryAlong(query: RunQuery, look: number): Statement {
  const params = new Params();
  const order = runOrder(query.order, params);
  const lead = isByStart(query.order) ? undefined : leadOf(query.order);
  const scans = lead ? scansByEntry(query, order, lead, look, params) : [scanByStart(query, order, look, params)];
  const filter = lead ? withoutBounds(query.filter, lead) : query.filter;
  const condition = filter ? runCondition(filter, params, query.scope) : "1";
  const rows = params.bind(query.rows);
  const ends = lead
    ? countsByEntry(query, order, lead, look, params)
    : [counted("runs r INDEXED BY runs_by_start", behind(query, order.columns, query.place, params), look, params)];
  // Each scan is read in its order and left when the page is full. The next one starts only where room is left and the
  // one before came to its end: otherwise what it finds could not be shown.
  const parts = scans.map((scan, i) => {
    const before = scans.slice(0, i).map((_, j) => ` - (SELECT count(*) FROM s${j})`);
    const room = `${rows}${before.join("")}`;
    const limit = i > 0 ? `(SELECT iif(${room} > 0, iif(${ends[i - 1]} < ${params.bind(look)}, ${room}, 0), 0))` : rows;
    return `s${i} AS MATERIALIZED (
      SELECT ${placeColumns(order)} FROM (${scan}) r WHERE ${condition} LIMIT ${limit})`;
  });
  const union = scans.map((_, i) => `SELECT * FROM s${i}`).join(" UNION ALL ");
  const page = withText(query, [...parts, `page AS MATERIALIZED (${union})`].join(", "));
  if (isExact(query)) return params.statement(page);
  const others = Array(order.columns.length - 1 + (query.text ? RUN_TEXT_COLUMNS : 0)).fill("NULL");
  const scanned = ["NULL", `json_array(${ends.join(", ")})`, ...others].join(", ");
  return params.statement(`${page} UNION ALL SELECT ${scanned} WHERE (SELECT count(*) FROM page) < ${rows}`);
}

/** Inside a scan the columns are named k0, k1, … beside the run's own. */
const placeColumns = ({ columns }: RunOrder): string =>
  ["r.run_id AS id", ...columns.map((_, i) => `r.k${i}`)].join(", ");

/** Whether a comparison looks at a column of the run other than its id. */
const isOfRun = ({ entity, key }: Comparison): boolean =>
  entity === "attribute" && key !== "run_id" && key !== "run_name";

/** What conditions read of a run. Mostly that is its id, and an index has it: the run itself is not read then. */
function runColumns({ filter }: RunQuery, ...others: string[]): string {
  const read = Array.from(comparisons(filter)).filter(isOfRun);
  return Array.from(new Set(["run_id", ...others, ...read.map(({ key }) => key)]), (name) => `r.${name}`).join(", ");
}

const scanColumns = (query: RunQuery, { columns }: RunOrder): string => `${runColumns(query)}, ${sortColumns(columns)}`;

function withText({ text }: RunQuery, ctes: string): string {
  // `page` is read in the order it was put together: it is the outer loop, and materialised.
  return text
    ? `WITH ${ctes} SELECT page.*, ${RUN_TEXT} FROM page CROSS JOIN runs r ON r.run_id = page.id`
    : `WITH ${ctes} SELECT * FROM page`;
}

/** The conditions that runs are of the scope and come after a place, of which the first column bounds an index. */
function behind(
  { scope }: RunQuery,
  columns: readonly SortColumn[],
  place: Place | undefined,
  params: Params,
): string[] {
  const conditions = [inExperiments("r", scope, params), inStages("r", scope)];
  const [first] = columns;
  if (place && first) conditions.push(notBefore(first, place[0] ?? null, params), after(columns, place, params));
  return conditions;
}

/** Runs in the order of their start. Several experiments or stages each give their first ones, which are then sorted. */
function scanByStart(query: RunQuery, order: RunOrder, look: number, params: Params): string {
  const { scope, place } = query;
  const sorted = `ORDER BY ${orderBy(order.columns)} LIMIT ${params.bind(look)}`;
  if (scope.experimentIds.length === 1 && scope.stages.length === 1) {
    const where = behind(query, order.columns, place, params).join(" AND ");
    return `SELECT ${scanColumns(query, order)} FROM runs r INDEXED BY runs_by_start WHERE ${where} ${sorted}`;
  }
  const [, , ...later] = behind(query, order.columns, place, params);
  const where = ["r.experiment_id = e.value", "r.lifecycle_stage = s.value", ...later].join(" AND ");
  return `SELECT ${scanColumns(query, order)}
    FROM json_each(${params.bind(JSON.stringify(scope.experimentIds))}) e
      CROSS JOIN json_each(${params.bind(JSON.stringify(scope.stages))}) s
      CROSS JOIN runs r ON r.run_id IN (
        SELECT r.run_id FROM runs r INDEXED BY runs_by_start WHERE ${where} ${sorted})
    ${sorted}`;
}

interface Lead {
  entity: "metric" | "param" | "tag";
  table: "latest_metrics" | "params" | "tags";
  key: string;
}

function leadOf([first]: readonly OrderKey[]): Lead | undefined {
  if (!first || first.entity === "attribute" || first.entity === "dataset") return undefined;
  const { entity, key } = first;
  return { entity, table: entity === "metric" ? "latest_metrics" : `${entity}s`, key };
}

/** The comparisons of a filter that hold only for runs that have the lead's entry. */
const presentOnly = (filter: Filter | undefined, lead: Lead): Comparison[] =>
  conjuncts(filter).filter(
    (part): part is Comparison =>
      part.type === "comparison" && part.entity === lead.entity && part.key === lead.key && part.operator !== "IS NULL",
  );

/** Whether a comparison bounds the lead's values, so that its index passes over the others. NaN is never within bounds. */
const isBound = ({ entity, operator }: Comparison): boolean =>
  entity === "metric" ? operator !== "!=" : operator === "=";

/** What of a filter is left to ask of each run where the lead is read within its bounds. */
function withoutBounds(filter: Filter | undefined, lead: Lead): Filter | undefined {
  const bounds = new Set<Filter>(presentOnly(filter, lead).filter(isBound));
  const parts = conjuncts(filter).filter((part) => !bounds.has(part));
  if (parts.length === 0) return undefined;
  return filter?.type === "and" ? { ...filter, parts } : filter;
}

/**
 * Runs in the order of one experiment's metric, param or tag: those that have it (numbers, then NaN), then those that
 * lack it, as far as these come in the order of their start.
 */
function scansByEntry(query: RunQuery, order: RunOrder, lead: Lead, look: number, params: Params): string[] {
  return ranksOf(query, lead).map((rank) =>
    rank === missingRank(lead)
      ? missingScan(query, order, lead, look, params)
      : entryScan(query, order, lead, rank, look, params),
  );
}

/** How many entries each scan has, up to `look`, as SQL. */
function countsByEntry(query: RunQuery, order: RunOrder, lead: Lead, look: number, params: Params): string[] {
  return ranksOf(query, lead).map((rank) =>
    rank === missingRank(lead)
      ? counted("runs r INDEXED BY runs_by_start", missingConditions(query, order, params), look, params)
      : counted(
          `${lead.table} o0 INDEXED BY ${lead.table}_by_value`,
          entryConditions(query, order, lead, rank, params),
          look,
          params,
        ),
  );
}

const counted = (from: string, conditions: readonly string[], limit: number, params: Params): string =>
  `(SELECT count(*) FROM (SELECT 1 FROM ${from} WHERE ${conditions.join(" AND ")} LIMIT ${params.bind(limit)}))`;

/** The conditions on `o0`, and the bounds that a filter and a place put on it. */
function entryConditions(query: RunQuery, order: RunOrder, lead: Lead, rank: number, params: Params): string[] {
  const conditions = [inExperiments("o0", query.scope, params), `o0.key = ${params.bind(lead.key)}`];
  if (lead.entity === "metric") conditions.push(`o0.is_nan = ${rank}`);
  const bounds = presentOnly(query.filter, lead).filter(isBound);
  const within = bounds.map((comparison) =>
    lead.entity === "metric"
      ? numberCondition("o0.value", comparison.operator, Number(comparison.value), params)
      : textCondition("o0.value", comparison, params),
  );
  if (within.length > 0) conditions.push(joined("AND", within));
  const value = order.columns[1];
  const isBehind = query.place && Number(query.place[0]) === rank;
  if (isBehind && value) conditions.push(notBefore(value, query.place?.[1] ?? null, params));
  return conditions;
}

function entryScan(query: RunQuery, order: RunOrder, lead: Lead, rank: number, look: number, params: Params): string {
  const conditions = [...entryConditions(query, order, lead, rank, params), inStages("r", query.scope)];
  if (query.place) conditions.push(after(order.columns, query.place, params));
  const others = order.joins.slice(1).join(" ");
  return `SELECT ${scanColumns(query, order)}
    FROM ${lead.table} o0 INDEXED BY ${lead.table}_by_value CROSS JOIN runs r ON r.run_id = o0.run_id ${others}
    WHERE ${conditions.join(" AND ")}
    ORDER BY ${orderBy(order.columns.slice(1))} LIMIT ${params.bind(look)}`;
}

function missingScan(query: RunQuery, order: RunOrder, lead: Lead, look: number, params: Params): string {
  const has = `SELECT 1 FROM ${lead.table} o WHERE o.run_id = r.run_id AND o.key = ${params.bind(lead.key)}`;
  const conditions = missingConditions(query, order, params).join(" AND ");
  return `SELECT ${runColumns(query)}, ${missingRank(lead)} AS k0, NULL AS k1, r.start_time AS k2, r.run_id AS k3
    FROM (SELECT ${runColumns(query, "start_time")} FROM runs r INDEXED BY runs_by_start WHERE ${conditions}
      ORDER BY r.start_time DESC, r.run_id LIMIT ${params.bind(look)}) r
    WHERE NOT EXISTS (${has})`;
}

const missingRank = ({ entity }: Lead): number => (entity === "metric" ? 2 : 1);

function missingConditions(query: RunQuery, order: RunOrder, params: Params): string[] {
  const isBehind = query.place?.[1] === null;
  return behind(query, order.columns.slice(2), isBehind ? query.place?.slice(2) : undefined, params);
}

/** What the runs that a filter lets pass can be of: numbers, NaN, missing; for params and tags: there, missing. */
function possibleRanks({ filter, place }: RunQuery, lead: Lead): number[] {
  const needed = presentOnly(filter, lead);
  const last = needed.length === 0 ? missingRank(lead) : needed.some(isBound) ? 0 : missingRank(lead) - 1;
  return Array.from({ length: last + 1 }, (_, rank) => rank).filter((rank) => rank >= Number(place?.[0] ?? 0));
}

/** What each scan of a try along a metric, param or tag is of. Those that lack it come in order only by start time. */
const ranksOf = (query: RunQuery, lead: Lead): number[] =>
  possibleRanks(query, lead).filter((rank) => rank < missingRank(lead) || query.order.length === 1);

/** One row, whose `counts` is a JSON list: how many runs each narrow driver leads to, up to a limit. */
export function countDrivers(query: RunQuery): Statement {
  const params = new Params();
  const found = narrowDrivers(query, params).map(
    ({ select }) => `(SELECT count(*) FROM (${select} LIMIT ${params.bind(COUNT_LIMIT)}))`,
  );
  return params.statement(`SELECT json_array(${found.join(", ")}) AS counts`);
}

/** The narrow drivers, but for those that bound the order's own index: along it they lead anyway. */
function narrowDrivers(query: RunQuery, params: Params): Driver[] {
  const lead = canLead(query) ? leadOf(query.order) : undefined;
  const filter = lead ? withoutBounds(query.filter, lead) : query.filter;
  const narrow = driversOf(filter, query.scope, params).filter(({ isNarrow }) => isNarrow);
  return narrow.slice(0, MAX_COUNTED);
}

/** Whether a try that did not fill its page looked at all that could be on it. */
export function isConclusive(query: RunQuery, look: number, scanned: readonly number[]): boolean {
  const lead = isByStart(query.order) ? undefined : leadOf(query.order);
  const isWhole = !lead || ranksOf(query, lead).length === possibleRanks(query, lead).length;
  return isWhole && scanned.every((count) => count < look);
}

/**
 * The page by way of a filter's index (the one that leads to the fewest runs, as far as counts tell), or of all runs
 * in scope where there is none: every run there is looked at, and sorted unless the index does it.
 */
export function sortedPage(query: RunQuery, found: readonly number[] = []): Statement {
  const params = new Params();
  const order = runOrder(query.order, params);
  const driver = driverFor(query, found, params);
  const parts = conjuncts(query.filter);
  // What asks nothing of the run itself is asked before the run is read: the LIMIT keeps SQLite to that.
  const early = driver ? parts.filter((part) => !Array.from(comparisons(part)).some(isOfRun)) : [];
  const from = driver
    ? `(SELECT r.run_id FROM (${driver.select}) r WHERE ${allOf(query, early, params)} LIMIT -1) d
      CROSS JOIN runs r ON r.run_id = d.run_id`
    : "runs r INDEXED BY runs_by_start";
  const conditions = [inExperiments("r", query.scope, params), inStages("r", query.scope)];
  if (query.place) conditions.push(after(order.columns, query.place, params));
  const late = parts.filter((part) => !early.includes(part));
  if (late.length > 0) conditions.push(allOf(query, late, params));
  const page = `page AS MATERIALIZED (
    SELECT r.run_id AS id, ${sortColumns(order.columns)}
    FROM ${from} ${order.joins.join(" ")} WHERE ${conditions.join(" AND ")}
    ORDER BY ${orderBy(order.columns)} LIMIT ${params.bind(query.rows)})`;
  return params.statement(withText(query, page));
}

/** The condition that some parts of a query's filter hold. */
const allOf = ({ scope }: RunQuery, parts: Filter[], params: Params): string =>
  parts.length > 0 ? runCondition({ type: "and", parts, start: 0, end: 0 }, params, scope) : "1";

function driverFor(query: RunQuery, found: readonly number[], params: Params): Driver | undefined {
  const best = narrowDrivers(query, params)[found.indexOf(Math.min(...found))];
  if (best && leadsToFew(found)) return best;
  const drivers = driversOf(query.filter, query.scope, params);
  return drivers.find(({ isNarrow }) => !isNarrow) ?? best ?? drivers[0];
}

/** Whether a filter's index leads to so few runs that looking along the order is no use. */
export const leadsToFew = (found: readonly number[]): boolean => found.some((count) => count < COUNT_LIMIT);

/** How many comparisons could be found to lead to few runs. */
export const countableDrivers = (query: RunQuery): number => narrowDrivers(query, new Params()).length;
