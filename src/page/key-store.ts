/**
 * Which keys the runs of an experiment have, and their most frequent values. The indexes led by experiment and key are
 * walked from one key to the next, and each key's runs counted up to a bound, so that no table is read through.
 */

/** What a list of keys is of. */
export type KeyKind = "metric" | "param" | "tag";

const TABLES = {
  metric: { table: "latest_metrics", index: "latest_metrics_by_value" },
  param: { table: "params", index: "params_by_value" },
  tag: { table: "tags", index: "tags_by_value" },
} as const;

/** Entries counted for all keys of one kind together, and for one key at least and at most. */
const COUNTED = 200_000;
const COUNTED_MIN = 500;
const COUNTED_MAX = 20_000;
/** Entries of one key whose values are counted. */
const VALUES_COUNTED = 50_000;

/** `runs` have the key, deleted ones included. `more`: counting stopped at a bound. */
export interface KeyCount {
  key: string;
  runs: number;
  /** Distinct values among those counted; not of metrics. */
  values?: number;
  more?: true;
}

/** After every text that begins with a prefix. */
const endOf = (prefix: string): string => `${prefix}\u{10ffff}`;

/** The keys of an experiment's runs that begin with a prefix, in order. */
export async function listKeys(
  d1: D1Database,
  experiment: string,
  asked: { kinds: readonly KeyKind[]; prefix: string; limit: number },
): Promise<{ byKind: Map<KeyKind, KeyCount[]>; truncated: boolean }> {
  const { kinds, prefix, limit } = asked;
  const found = await d1.batch<{ key: string }>(kinds.map((kind) => keysQuery(d1, kind, experiment, prefix, limit)));
  const keys = found.map(({ results }) => results.slice(0, limit).map(({ key }) => key));
  const counted = await d1.batch<{ key: string; counts: string }>(
    kinds.map((kind, i) => countsQuery(d1, kind, experiment, keys[i] ?? [])),
  );
  const byKind = kinds.map((kind, i): [KeyKind, KeyCount[]] => {
    const bound = boundOf(keys[i]?.length ?? 0);
    const own = counted[i]?.results ?? [];
    return [kind, own.map(({ key, counts }) => keyCount(key, JSON.parse(counts) as number[], bound))];
  });
  return { byKind: new Map(byKind), truncated: found.some(({ results }) => results.length > limit) };
}

const boundOf = (keys: number): number =>
  Math.min(COUNTED_MAX, Math.max(COUNTED_MIN, Math.floor(COUNTED / Math.max(keys, 1))));

function keyCount(key: string, [runs = 0, values]: readonly number[], bound: number): KeyCount {
  return { key, runs: Math.min(runs, bound), values, more: runs > bound || undefined };
}

function keysQuery(d1: D1Database, kind: KeyKind, experiment: string, prefix: string, limit: number) {
  const { table, index } = TABLES[kind];
  const next = (from: string) =>
    `(SELECT min(key) FROM ${table} INDEXED BY ${index} WHERE experiment_id = ?1 AND key ${from} AND key < ?3)`;
  return d1
    .prepare(
      `WITH RECURSIVE found(key) AS (
         SELECT ${next(">= ?2")} UNION ALL SELECT ${next("> found.key")} FROM found WHERE found.key IS NOT NULL)
       SELECT key FROM found WHERE key IS NOT NULL LIMIT ?4`,
    )
    .bind(experiment, prefix, endOf(prefix), limit + 1);
}

function countsQuery(d1: D1Database, kind: KeyKind, experiment: string, keys: readonly string[]) {
  const { table, index } = TABLES[kind];
  const counts = kind === "metric" ? "count(*)" : "count(*), count(DISTINCT value)";
  return d1
    .prepare(
      `SELECT k.value AS key, (
         SELECT json_array(${counts}) FROM (
           SELECT value FROM ${table} INDEXED BY ${index} WHERE experiment_id = ?1 AND key = k.value LIMIT ?3)) AS counts
       FROM json_each(?2) AS k`,
    )
    .bind(experiment, JSON.stringify(keys), boundOf(keys.length) + 1);
}

/** The most frequent values of a param or tag that begin with a prefix; `more`: there are others, or counting stopped. */
export async function listValues(
  d1: D1Database,
  experiment: string,
  asked: { kind: "param" | "tag"; key: string; prefix: string; limit: number },
): Promise<{ values: { value: string; runs: number }[]; more: boolean }> {
  const { kind, key, prefix, limit } = asked;
  const { table, index } = TABLES[kind];
  const { results } = await d1
    .prepare(
      `SELECT value, count(*) AS runs, sum(count(*)) OVER () AS counted FROM (
         SELECT value FROM ${table} INDEXED BY ${index}
         WHERE experiment_id = ?1 AND key = ?2 AND value >= ?3 AND value < ?4 LIMIT ?5)
       GROUP BY value ORDER BY runs DESC, value LIMIT ?6`,
    )
    .bind(experiment, key, prefix, endOf(prefix), VALUES_COUNTED, limit + 1)
    .all<{ value: string; runs: number; counted: number }>();
  const values = results.slice(0, limit).map(({ value, runs }) => ({ value, runs }));
  return { values, more: results.length > limit || (results[0]?.counted ?? 0) >= VALUES_COUNTED };
}
