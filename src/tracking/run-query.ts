/** What a search of runs asks, and which index could give its order. Pure. */
import { conjuncts } from "../search/conditions";
import { comparisons, type OrderKey } from "../search/filter";
import type { Comparison, Filter } from "../search/kind";
import type { Place } from "../search/places";
import type { RunScope } from "./run-filter";
import { isByStart } from "./run-order";

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

/** The metric, param or tag that a search sorts by first. */
export interface Lead {
  entity: "metric" | "param" | "tag";
  table: "latest_metrics" | "params" | "tags";
  key: string;
}

export function leadOf([first]: readonly OrderKey[]): Lead | undefined {
  if (!first || first.entity === "attribute" || first.entity === "dataset") return undefined;
  const { entity, key } = first;
  return { entity, table: entity === "metric" ? "latest_metrics" : `${entity}s`, key };
}

/** Whether an index gives the order of a query: that of start time, or that of one experiment's metrics, params or tags. */
export function canLead(query: RunQuery): boolean {
  if (isByStart(query.order)) return true;
  const lead = leadOf(query.order);
  return lead !== undefined && query.scope.experimentIds.length === 1 && ranksOf(query, lead).length > 0;
}

/** Whether a page along the order is right whatever it looks at: nothing it passes over could have been on it. */
export const isExact = ({ filter, order }: RunQuery): boolean => filter === undefined && isByStart(order);

/** The comparisons of a filter that hold only for runs that have the lead's entry. */
const presentOnly = (filter: Filter | undefined, lead: Lead): Comparison[] =>
  conjuncts(filter).filter(
    (part): part is Comparison =>
      part.type === "comparison" && part.entity === lead.entity && part.key === lead.key && part.operator !== "IS NULL",
  );

/** Whether a comparison bounds the lead's values, so that its index passes over the others. NaN is never within bounds. */
const isBound = ({ entity, operator }: Comparison): boolean =>
  entity === "metric" ? operator !== "!=" : operator === "=";

/** The bounds that a filter puts on the lead's values. */
export const boundsOf = (filter: Filter | undefined, lead: Lead): Comparison[] =>
  presentOnly(filter, lead).filter(isBound);

/** The parts of a filter that are left to ask of each run where the lead is read within its bounds. */
export function partsBeside(filter: Filter | undefined, lead: Lead | undefined): Filter[] {
  const bounds = new Set<Filter>(lead ? boundsOf(filter, lead) : []);
  return conjuncts(filter).filter((part) => !bounds.has(part));
}

export const missingRank = ({ entity }: Lead): number => (entity === "metric" ? 2 : 1);

/** What the runs that a filter lets pass can be of: numbers, NaN, missing; for params and tags: there, missing. */
export function possibleRanks({ filter, place }: RunQuery, lead: Lead): number[] {
  const needed = presentOnly(filter, lead);
  const last = needed.length === 0 ? missingRank(lead) : needed.some(isBound) ? 0 : missingRank(lead) - 1;
  return Array.from({ length: last + 1 }, (_, rank) => rank).filter((rank) => rank >= Number(place?.[0] ?? 0));
}

/** What each scan of a try along a metric, param or tag is of. Those that lack it come in order only by start time. */
export const ranksOf = (query: RunQuery, lead: Lead): number[] =>
  possibleRanks(query, lead).filter((rank) => rank < missingRank(lead) || query.order.length === 1);

/** Whether a comparison looks at a column of the run other than its id. */
export const isOfRun = ({ entity, key }: Comparison): boolean =>
  entity === "attribute" && key !== "run_id" && key !== "run_name";

/** Whether a part of a filter can be asked without the run itself: its id, and an index, have all it looks at. */
export const needsNoRun = (part: Filter): boolean => !Array.from(comparisons(part)).some(isOfRun);
