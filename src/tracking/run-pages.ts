/**
 * How a search of runs is answered: which index leads, and what a page costs. The statements are made here and run by
 * run-search.ts.
 *
 * One statement does it mostly. It counts how many runs each comparison leads to, as far as that is few: the one with the
 * fewest then leads, and its runs are looked at and sorted. Where none leads to few, the search is tried along its order:
 * the runs are taken from the index that sorts them (start time, or the first metric, param or tag it sorts by), each is
 * looked at, and the page is full after a few; but no more than a bounded number is looked at. Either way an answer's cost
 * follows from its size, not from the table's.
 */
import { conjuncts, joined, Params, type Statement } from "../search/conditions";
import { comparisons } from "../search/filter";
import type { Filter } from "../search/kind";
import { after, orderBy, sortColumns } from "../search/places";
import { byCost, type Driver, driversOf, inExperiments, inStages, partConditions, unionOf } from "./run-filter";
import { isByStart, type RunOrder, runOrder } from "./run-order";
import { canLead, isExact, leadOf, needsNoRun, partsBeside, possibleRanks, type RunQuery, ranksOf } from "./run-query";
import { SAMPLE, type Scan, scansAlong } from "./run-scans";
import { RUN_TEXT, RUN_TEXT_COLUMNS } from "./run-text";

/** Runs that a first try looks at, at most, where the page is not larger; it ends where the page is full. */
const FIRST_LOOK = 8000;
/** The same along a metric, param or tag, where finding out how far that is costs as many rows read. */
const FIRST_ENTRIES = 4000;
/** Runs that a wider try may look at, where the first one found how many of them match. */
const LONGEST_LOOK = 40_000;
/** Where the order promises a page within so many runs, no comparison is counted: hardly any would lead sooner. */
const SHORT_LOOK = 3000;
/** How far the runs of a comparison are counted: it may lead where it has fewer. */
const COUNT_LIMIT = 5000;
/** Comparisons that are counted: a function takes 32 arguments in D1, and more would tell little more. */
const MAX_COUNTED = 20;
/** SQLite asks all that a filter asks for each comparison that might lead, and D1 bounds how long its program gets. */
const MAX_CONDITIONS = 300;

export const firstLook = (query: RunQuery): number =>
  isExact(query) ? query.rows : Math.max(isByStart(query.order) ? FIRST_LOOK : FIRST_ENTRIES, query.rows * 2);

/** How far a wider try must look, by what the last one found; undefined where that is too far. */
export function widerLook(query: RunQuery, found: number, look: number): number | undefined {
  if (found === 0) return undefined;
  const wider = Math.ceil((query.rows / found) * look * 1.5);
  return wider <= LONGEST_LOOK && wider > look ? wider : undefined;
}

/** Whether a try that did not fill its page looked at all that could be on it; `scanned` is what its last row says. */
export function isConclusive(query: RunQuery, look: number, scanned: readonly number[]): boolean {
  const lead = isByStart(query.order) ? undefined : leadOf(query.order);
  const isWhole = !lead || ranksOf(query, lead).length === possibleRanks(query, lead).length;
  return isWhole && scanned.every((count) => count < look);
}

/**
 * The page by way of the comparison that leads to few runs, or else along its order. Where the latter did not fill the
 * page, a last row without an id says in `k0`, as a JSON list, how many entries each of its scans had at hand, up to the
 * number it looked at: see `isConclusive`. Where there are two ways, rows say in `isLed` which one they
 * were found. Without an index that gives the
 * order the page is whole at once.
 */
export function firstPage(query: RunQuery): Statement {
  const params = new Params();
  const narrow = narrowDrivers(query, params);
  if (!canLead(query)) return sorted(query, narrow, params);
  return along(query, firstLook(query), params, narrow);
}

/** The page along its order, as far as is said, without asking what else could lead. */
export const alongPage = (query: RunQuery, look: number): Statement => along(query, look, new Params(), []);

/** The page of all runs that a filter leads to, or else of the scope, each looked at. */
export function sortedPage(query: RunQuery): Statement {
  const params = new Params();
  return sorted(query, narrowDrivers(query, params), params);
}

/** `narrow` leads where it turns out to lead to few. */
function along(query: RunQuery, look: number, params: Params, narrow: readonly Driver[]): Statement {
  const order = runOrder(query.order, params);
  const rows = params.bind(query.rows);
  const isLed = narrow.length > 0 ? `${CHOSEN} >= 0` : undefined;
  const scans = scansAlong(query, order, look, params);
  const parts = scans.map(({ select }, i) => {
    const room = [rows, ...scans.slice(0, i).map((_, j) => `(SELECT count(*) FROM s${j})`)].join(" - ");
    const conditions = isLed ? [`NOT ${isLed}`] : [];
    // A scan starts only where room is left and the one before came to its end: else what it finds could not be shown.
    if (i > 0) conditions.push(`${room} > 0`, `${scans[i - 1]?.count} < ${params.bind(look)}`);
    const limit = conditions.length > 0 ? `(SELECT iif(${conditions.join(" AND ")}, ${room}, 0))` : room;
    // Read twice, but for the last.
    return `s${i} AS ${i < scans.length - 1 ? "MATERIALIZED " : ""}(${select(limit)})`;
  });
  const names = scans.map((_, i) => `s${i}`);
  if (isLed) {
    parts.unshift(
      choice(narrow, params, true, promise(query, scans, params)),
      `led AS (${led(query, order, armsOf(narrow), params)})`,
    );
    names.push("led");
  }
  const way = (name: string) => (isLed ? `, ${Number(name === "led")} AS isLed` : "");
  const union = names.map((name) => `SELECT *${way(name)} FROM ${name}`).join(" UNION ALL ");
  const page = withText(query, [...parts, `page AS MATERIALIZED (${union})`]);
  if (isExact(query)) return params.statement(page);
  const others = Array(order.columns.length - Number(!isLed) + (query.text ? RUN_TEXT_COLUMNS : 0)).fill("NULL");
  const scanned = ["NULL", `json_array(${scans.map(({ count }) => count).join(", ")})`, ...others].join(", ");
  const isShort = `(SELECT count(*) FROM page) < ${rows}${isLed ? ` AND NOT ${isLed}` : ""}`;
  return params.statement(`${page} UNION ALL SELECT ${scanned} WHERE ${isShort}`);
}

/** Where there are several ways to the runs, the narrow ones are counted to find the one to go by. */
function sorted(query: RunQuery, counted: readonly Driver[], params: Params): Statement {
  const order = runOrder(query.order, params);
  const drivers = driversOf(conjuncts(query.filter), query.scope, params);
  const wide = drivers.find(({ isNarrow }) => !isNarrow);
  const narrow = counted.length > 0 ? counted : wide ? [] : drivers.slice(0, 1);
  const [only, another] = [...narrow, ...(wide ? [wide] : [])];
  let ctes: string[] = [];
  let arms = only ? [{ n: 0, driver: only, limit: "-1" }] : [];
  if (another) {
    ctes = [choice(narrow, params, wide !== undefined)];
    arms = [...armsOf(narrow), ...(wide ? [{ n: -1, driver: wide, limit: limitOf(-1) }] : [])];
  }
  return params.statement(withText(query, [...ctes, `page AS MATERIALIZED (${led(query, order, arms, params)})`]));
}

function withText({ text }: RunQuery, ctes: readonly string[]): string {
  // `page` is read in the order it was put together: it is the outer loop, and materialised.
  return text
    ? `WITH ${ctes.join(", ")} SELECT page.*, ${RUN_TEXT} FROM page CROSS JOIN runs r ON r.run_id = page.id`
    : `WITH ${ctes.join(", ")} SELECT * FROM page`;
}

/** The narrow drivers, but for those that bound the order's own index: along it they lead anyway. */
function narrowDrivers(query: RunQuery, params: Params): Driver[] {
  const parts = partsBeside(query.filter, canLead(query) ? leadOf(query.order) : undefined);
  const asked = Array.from(comparisons(query.filter)).length;
  return driversOf(parts, query.scope, params)
    .filter(({ isNarrow }) => isNarrow)
    .slice(0, Math.min(MAX_COUNTED, Math.floor(MAX_CONDITIONS / asked)));
}

/** Which of some drivers was chosen, by its number. */
const CHOSEN = "(SELECT n FROM choice)";

/**
 * Counts how many runs drivers lead to, and chooses the one with the fewest. None is chosen, which is -1, where there is
 * something `else` to go by and none leads to few, or where a condition says so, before anything is counted.
 */
function choice(drivers: readonly Driver[], params: Params, hasElse: boolean, isNone = "0"): string {
  const limit = params.bind(COUNT_LIMIT);
  const counts = drivers.map(({ select }, i) => `(SELECT count(*) FROM (${select} LIMIT ${limit})) AS n${i}`);
  const names = drivers.map((_, i) => `n${i}`);
  const fewest = names.length > 1 ? `min(${names.join(", ")})` : "n0";
  const numbers = names.map((name, i) => `WHEN ${name} THEN ${i}`).join(" ");
  const few = hasElse
    ? `iif(${fewest} < ${limit}, CASE ${fewest} ${numbers} END, -1)`
    : `CASE ${fewest} ${numbers} END`;
  // The LIMIT keeps SQLite from counting anew for each use of a count.
  return `choice AS MATERIALIZED (
    SELECT CASE WHEN ${isNone} THEN -1 ELSE (SELECT ${few} FROM (SELECT ${counts.join(", ")} LIMIT 1)) END AS n)`;
}

/** The condition that the order's first entries promise a page soon. */
function promise(query: RunQuery, [scan]: readonly Scan[], params: Params): string {
  return scan?.sample ? `${scan.sample} * ${SHORT_LOOK} >= ${params.bind(query.rows * SAMPLE)}` : "0";
}

/** A driver by its number, and how many of its runs are looked at, as SQL: none where another one was chosen. */
interface Arm {
  n: number;
  driver: Driver;
  limit: string;
}

const limitOf = (n: number): string => `(SELECT iif(n = ${n}, -1, 0) FROM choice)`;

const armsOf = (drivers: readonly Driver[]): Arm[] => drivers.map((driver, n) => ({ n, driver, limit: limitOf(n) }));

/** The first rows of all runs that drivers lead to, or without any of all runs of the scope: each is looked at, and sorted. */
function led(query: RunQuery, order: RunOrder, arms: readonly Arm[], params: Params): string {
  const { scope, place } = query;
  const parts = byCost(conjuncts(query.filter));
  // What asks nothing of the run itself is asked before the run is read: the LIMIT keeps SQLite to that.
  const early = arms.length > 0 ? parts.filter(needsNoRun) : [];
  const late = parts.filter((part) => !early.includes(part));
  const from =
    arms.length > 0
      ? `(SELECT r.run_id FROM (${unionOf(arms.map(armSelect))}) r
          WHERE ${joined(
            "AND",
            early.flatMap((part) => unlessLed(query, part, arms, params)),
          )} LIMIT -1) d
        CROSS JOIN runs r ON r.run_id = d.run_id`
      : "runs r INDEXED BY runs_by_start";
  const conditions = [
    inExperiments("r", scope, params),
    inStages("r", scope),
    ...(place ? [after(order.columns, place, params)] : []),
    ...partConditions(late, params, { scope }),
  ];
  return `SELECT r.run_id AS id, ${sortColumns(order.columns)}
    FROM ${from} ${order.joins.join(" ")} WHERE ${joined("AND", conditions)}
    ORDER BY ${orderBy(order.columns)} LIMIT ${params.bind(query.rows)}`;
}

const armSelect = ({ n, driver, limit }: Arm): string =>
  `SELECT run_id, ${n} AS n FROM (${driver.select} LIMIT ${limit})`;

/** The condition of a part, where it is not what led to the run. */
function unlessLed({ scope }: RunQuery, part: Filter, arms: readonly Arm[], params: Params): string[] {
  const own = arms.find(({ driver }) => driver.part === part);
  if (own && arms.length === 1) return [];
  const condition = joined("AND", partConditions([part], params, { scope }));
  return [own ? `(r.n = ${own.n} OR ${condition})` : condition];
}
