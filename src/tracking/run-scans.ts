/**
 * Reading runs in the order of a search: from the index of start times, or from that of the metric, param or tag it sorts
 * by first. Each scan is a select of a page's rows that ends where the page is full. Pure.
 */
import { joined, numberCondition, type Params, textCondition } from "../search/conditions";
import { comparisons } from "../search/filter";
import type { Filter } from "../search/kind";
import { after, notBefore, orderBy, type Place, type SortColumn, sortColumns } from "../search/places";
import { inExperiments, inStages, partConditions } from "./run-filter";
import { isByStart, type RunOrder } from "./run-order";
import {
  boundsOf,
  isOfRun,
  type Lead,
  leadOf,
  missingRank,
  needsNoRun,
  partsBeside,
  type RunQuery,
  ranksOf,
} from "./run-query";

export interface Scan {
  /** A select of at most `limit` rows: the run's id, and what it is sorted by as k0, k1, …. */
  select(limit: string): string;
  /** How many entries it has at hand, up to the number that it looks at, as SQL. */
  count: string;
  /** How many of its first SAMPLE entries pass what can be asked without the run, as SQL. */
  sample?: string;
}

/** Entries that tell how many more will have to be looked at. */
export const SAMPLE = 256;

/** The scans that give a query's order one after the other, each of which looks at `look` entries. */
export function scansAlong(query: RunQuery, order: RunOrder, look: number, params: Params): Scan[] {
  const lead = isByStart(query.order) ? undefined : leadOf(query.order);
  if (!lead) return [scanByStart(query, order, look, params)];
  return ranksOf(query, lead).map((rank) =>
    rank === missingRank(lead)
      ? missingScan(query, lead, look, params, order)
      : entryScan(query, lead, look, params, order, rank),
  );
}

const counted = (from: string, conditions: readonly string[], limit: number, params: Params): string =>
  `(SELECT count(*) FROM (SELECT 1 FROM ${from} WHERE ${conditions.join(" AND ")} LIMIT ${params.bind(limit)}))`;

/** How many of some runs pass what can be asked without them. */
function sampled({ scope }: RunQuery, select: string, parts: readonly Filter[], params: Params): string {
  const conditions = partConditions(parts.filter(needsNoRun), params, { scope });
  return `(SELECT count(*) FROM (${select}) r WHERE ${joined("AND", conditions)})`;
}

/** What conditions read of a run. Mostly that is its id, and an index has it: the run itself is not read then. */
function runColumns({ filter }: RunQuery, ...others: string[]): string {
  const read = Array.from(comparisons(filter)).filter(isOfRun);
  return Array.from(new Set(["run_id", ...others, ...read.map(({ key }) => key)]), (name) => `r.${name}`).join(", ");
}

/** The rows of a subquery `r`, whose columns are named k0, k1, … beside the run's own, that meet some parts of the filter. */
function passing(query: RunQuery, order: RunOrder, scan: string, parts: readonly Filter[], params: Params) {
  const columns = ["r.run_id AS id", ...order.columns.map((_, i) => `r.k${i}`)].join(", ");
  const where = joined("AND", partConditions(parts, params, { scope: query.scope }));
  return (limit: string) => `SELECT ${columns} FROM (${scan}) r WHERE ${where} LIMIT ${limit}`;
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
function scanByStart(query: RunQuery, order: RunOrder, look: number, params: Params): Scan {
  const { scope, place } = query;
  const conditions = behind(query, order.columns, place, params);
  const sorted = `ORDER BY ${orderBy(order.columns)} LIMIT ${params.bind(look)}`;
  const columns = `${runColumns(query)}, ${sortColumns(order.columns)}`;
  const count = counted("runs r INDEXED BY runs_by_start", conditions, look, params);
  const parts = partsBeside(query.filter, undefined);
  if (scope.experimentIds.length === 1 && scope.stages.length === 1) {
    const where = conditions.join(" AND ");
    const runs = `FROM runs r INDEXED BY runs_by_start WHERE ${where} ORDER BY ${orderBy(order.columns)}`;
    const scan = `SELECT ${columns} ${runs} LIMIT ${params.bind(look)}`;
    const sample = sampled(query, `SELECT r.run_id ${runs} LIMIT ${SAMPLE}`, parts, params);
    return { select: passing(query, order, scan, parts, params), count, sample };
  }
  const [, , ...later] = conditions;
  const where = ["r.experiment_id = e.value", "r.lifecycle_stage = s.value", ...later].join(" AND ");
  const scan = `SELECT ${columns}
    FROM json_each(${params.bind(JSON.stringify(scope.experimentIds))}) e
      CROSS JOIN json_each(${params.bind(JSON.stringify(scope.stages))}) s
      CROSS JOIN runs r ON r.run_id IN (
        SELECT r.run_id FROM runs r INDEXED BY runs_by_start WHERE ${where} ${sorted})
    ${sorted}`;
  return { select: passing(query, order, scan, parts, params), count };
}

/** The conditions on `o0`, and the bounds that a filter and a place put on it. */
function entryConditions(query: RunQuery, order: RunOrder, lead: Lead, rank: number, params: Params): string[] {
  const conditions = [inExperiments("o0", query.scope, params), `o0.key = ${params.bind(lead.key)}`];
  if (lead.entity === "metric") conditions.push(`o0.is_nan = ${rank}`);
  const within = boundsOf(query.filter, lead).map((comparison) =>
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

/**
 * Runs that have the lead's entry, in the order of its values. What can be asked of other indexes is asked before the run
 * itself is read, which most entries never are; a LIMIT would count those that pass. So what is looked at is bounded by
 * value: up to that of the last entry to look at, and what is equal to it. Where nothing is asked, the page is full at once.
 */
function entryScan(query: RunQuery, lead: Lead, look: number, params: Params, order: RunOrder, rank: number): Scan {
  const entries = `${lead.table} o0 INDEXED BY ${lead.table}_by_value`;
  const own = entryConditions(query, order, lead, rank, params);
  const descending = query.order[0]?.descending ?? false;
  const parts = partsBeside(query.filter, lead);
  const [early, late] = [parts.filter(needsNoRun), parts.filter((part) => !needsNoRun(part))];
  const { scope } = query;
  const conditions = [
    ...own,
    ...(parts.length > 0 ? [upTo(entries, own, lead, descending, params.bind(look - 1))] : []),
    // A bare EXISTS would be made a join, and joined after the run.
    ...partConditions(early, params, { scope, id: "o0.run_id" }).map((condition) => `(${condition}) IS TRUE`),
    inStages("r", scope),
    ...(query.place ? [after(order.columns, query.place, params)] : []),
    ...partConditions(late, params, { scope }),
  ];
  const select = `SELECT r.run_id AS id, ${sortColumns(order.columns)}
    FROM ${entries} CROSS JOIN runs r ON r.run_id = o0.run_id ${order.joins.slice(1).join(" ")}
    WHERE ${joined("AND", conditions)}
    ORDER BY ${orderBy(order.columns.slice(1))}`;
  const first = `SELECT o0.run_id FROM ${entries} WHERE ${own.join(" AND ")}
    ORDER BY o0.value ${descending ? "DESC" : "ASC"} LIMIT ${SAMPLE}`;
  return {
    select: (limit) => `${select} LIMIT ${limit}`,
    count: counted(entries, own, look, params),
    sample: sampled(query, first, parts, params),
  };
}

/** The condition that an entry's value does not come after that of the entry so many places behind the first. */
function upTo(entries: string, conditions: string[], { entity }: Lead, descending: boolean, offset: string): string {
  const last = `SELECT o0.value FROM ${entries} WHERE ${conditions.join(" AND ")}
    ORDER BY o0.value ${descending ? "DESC" : "ASC"} LIMIT 1 OFFSET ${offset}`;
  // Where there are not so many: a blob is more than any number or text.
  if (!descending) return `o0.value <= ifnull((${last}), x'')`;
  return `o0.value >= ifnull((${last}), ${entity === "metric" ? "-9e999" : "''"})`;
}

/** Runs that lack the lead's entry, as far as they come in the order of their start. */
function missingScan(query: RunQuery, lead: Lead, look: number, params: Params, order: RunOrder): Scan {
  const isBehind = query.place?.[1] === null;
  const conditions = behind(query, order.columns.slice(2), isBehind ? query.place?.slice(2) : undefined, params);
  const has = `SELECT 1 FROM ${lead.table} o WHERE o.run_id = r.run_id AND o.key = ${params.bind(lead.key)}`;
  const runs = "runs r INDEXED BY runs_by_start";
  const scan = `SELECT ${runColumns(query)}, ${missingRank(lead)} AS k0, NULL AS k1, r.start_time AS k2, r.run_id AS k3
    FROM (SELECT ${runColumns(query, "start_time")} FROM ${runs} WHERE ${conditions.join(" AND ")}
      ORDER BY r.start_time DESC, r.run_id LIMIT ${params.bind(look)}) r
    WHERE NOT EXISTS (${has})`;
  return {
    select: passing(query, order, scan, partsBeside(query.filter, lead), params),
    count: counted(runs, conditions, look, params),
  };
}
