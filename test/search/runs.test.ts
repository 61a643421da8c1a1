import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { filterOf, orderOf } from "../../src/search/filter";
import { RUNS } from "../../src/search/kinds/runs";
import { type Json, newExperiment, ok } from "../tracking/helpers";
import { holds, type NaiveRun, sorted } from "./naive";

/** Enough that a first look along an order does not see all of them. */
const RUN_COUNT = 5000;

/** Mulberry32: the same runs and filters each time, and any failure again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(7);
const below = (n: number): number => Math.floor(next() * n);
const chance = (p: number): boolean => next() < p;
function pick<T>(items: readonly T[]): T {
  return items[below(items.length)] as T;
}

const WORDS = ["alpha", "Alpha", "beta", "a%b", "a_b", "gamma*[x]?", "it's", "Ünïcode Ω", ""];
const LONG = "a long text, longer than what the database takes for a pattern: ";
const STATUSES = ["RUNNING", "FINISHED", "FINISHED", "FINISHED", "FAILED"];

function newRun(i: number): NaiveRun {
  const name = `run ${below(50)}`;
  return {
    run_id: `r${String(below(1e6)).padStart(6, "0")}-${i}`,
    name,
    status: pick(STATUSES),
    start_time: 1000 + below(RUN_COUNT / 4),
    end_time: chance(0.8) ? 5000 + below(100) : null,
    metrics: {
      ...(chance(0.9) && { loss: chance(0.05) ? Number.NaN : next() * 10 }),
      ...(chance(0.5) && { "val/acc": below(20) / 20 }),
      ...(i % 500 === 3 && { rare: i }),
    },
    params: {
      ...(chance(0.9) && { lr: pick(["0.1", "0.01", "0.001"]) }),
      ...(chance(0.5) && { note: chance(0.2) ? LONG + pick(WORDS) + below(9) : pick(WORDS) }),
    },
    tags: {
      ...(chance(0.97) && { "mlflow.runName": name }),
      ...(chance(0.6) && { team: pick(WORDS) }),
      ...(i % 1000 === 5 && { needle: `n${i}` }),
    },
    datasets: chance(0.1) ? [{ name: pick(["d1", "d2"]), digest: "x", context: chance(0.5) ? "train" : null }] : [],
  };
}

const runs = Array.from({ length: RUN_COUNT }, (_, i) => newRun(i));
let experiment: string;

async function insert(table: string, columns: string, rows: unknown[][]): Promise<void> {
  const fields = columns.split(",").map((_, i) => `value ->> ${i}`);
  for (let i = 0; i < rows.length; i += 5000) {
    const part = JSON.stringify(rows.slice(i, i + 5000));
    await env.DB.prepare(`INSERT INTO ${table} (${columns}) SELECT ${fields} FROM json_each(?)`).bind(part).run();
  }
}

beforeAll(async () => {
  experiment = await newExperiment();
  const e = experiment;
  const columns = "run_id, experiment_id, name, user_id, status, start_time, end_time, artifact_uri";
  await insert(
    "runs",
    columns,
    runs.map((r) => [r.run_id, e, r.name, "me", r.status, r.start_time, r.end_time, `a:/${r.run_id}`]),
  );
  await insert(
    "latest_metrics",
    "run_id, key, value, timestamp, step, is_nan, experiment_id",
    runs.flatMap((r) =>
      Object.entries(r.metrics).map(([k, v]) => [r.run_id, k, v || 0, 1, 0, Number(Number.isNaN(v)), e]),
    ),
  );
  for (const table of ["params", "tags"] as const) {
    const rows = runs.flatMap((r) => Object.entries(r[table]).map(([k, v]) => [r.run_id, k, v, e]));
    await insert(table, "run_id, key, value, experiment_id", rows);
  }
  await insert(
    "dataset_inputs",
    "run_id, experiment_id, name, digest, context, tags",
    runs.flatMap((r) => r.datasets.map((d) => [r.run_id, e, d.name, d.digest, d.context, "[]"])),
  );
});

const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

/** Any text of a run's values, or a pattern made of one. */
function pattern(): string {
  const text = chance(0.3) ? LONG + pick(WORDS) + below(9) : pick(WORDS);
  const from = below(text.length);
  const cut = text.slice(from, from + 1 + below(text.length - from));
  const holed = chance(0.4) ? cut.replace(/[a-z ]/g, (c) => (chance(0.1) ? pick(["_", "%"]) : c)) : cut;
  return pick([`%${holed}%`, `${holed}%`, `%${holed}`, holed, text, "%", ""]);
}

function clause(): string {
  const text = () => quoted(chance(0.3) ? `${LONG}${pick(WORDS)}${below(9)}` : pick(WORDS));
  const compare = pick(["=", "!=", "<", "<=", ">", ">="]);
  return pick([
    () => `metrics.loss ${compare} ${(next() * 10).toFixed(2)}`,
    () => `metrics.\`val/acc\` ${compare} ${below(20) / 20}`,
    () => `metrics.rare ${compare} ${below(RUN_COUNT)}`,
    () => `params.lr ${pick(["=", "!="])} ${quoted(pick(["0.1", "0.01", "7"]))}`,
    () => `params.note ${pick(["=", "!="])} ${text()}`,
    () => `params.note ${pick(["LIKE", "ILIKE"])} ${quoted(pattern())}`,
    () => `tags.team ${pick(["LIKE", "ilike"])} ${quoted(pattern())}`,
    () => `tags.team ${pick(["=", "!="])} ${text()}`,
    () => `${pick(["tags.team", "params.note", "tags.needle"])} ${pick(["IS NULL", "is not null"])}`,
    () => `run_name ${pick(["=", "!=", "LIKE"])} 'run ${below(60)}'`,
    () => `status ${pick(["=", "!=", "LIKE"])} '${pick(STATUSES)}'`,
    () => `start_time ${compare} ${1000 + below(RUN_COUNT / 4)}`,
    () => `end_time ${compare} ${5000 + below(100)}`,
    () => `run_id ${pick(["IN", "NOT IN"])} ('${pick(runs).run_id}', '${pick(runs).run_id}')`,
    () => `dataset.name ${pick(["=", "!="])} 'd1'`,
    () => `dataset.context ${pick(["=", "!=", "LIKE"])} 'train'`,
  ])();
}

function filterText(depth = 0): string {
  const parts = Array.from({ length: 1 + below(3) }, () =>
    depth < 2 && chance(0.2) ? `(${filterText(depth + 1)})` : clause(),
  );
  const joined = parts.map((part) => (chance(0.1) ? `NOT ${part}` : part)).join(chance(0.25) ? " OR " : " AND ");
  return joined;
}

const KEYS = [
  "metrics.loss",
  "metrics.`val/acc`",
  "metrics.rare",
  "params.lr",
  "tags.team",
  "run_name",
  "status",
  "end_time",
  "start_time",
  "run_id",
];

function orderTexts(): string[] {
  const count = pick([0, 1, 1, 1, 2, 3]);
  return Array.from(
    new Set(Array.from({ length: count }, () => pick(KEYS))),
    (key) => `${key} ${pick(["ASC", "DESC"])}`,
  );
}

async function pages(request: Json, pageCount: number): Promise<string[]> {
  const ids: string[] = [];
  let page_token: string | undefined;
  for (let i = 0; i < pageCount; i++) {
    const page = await ok("runs/search", { ...request, page_token });
    ids.push(...(page.runs ?? []).map((run: Json) => run.info.run_id));
    page_token = page.next_page_token;
    if (!page_token) break;
  }
  return ids;
}

describe("answers are those of a naive search", () => {
  test.each(Array.from({ length: 12 }, (_, i) => i))("random filters and orders, part %i", async () => {
    for (let i = 0; i < 25; i++) {
      const filter = chance(0.15) ? "" : filterText();
      const order_by = orderTexts();
      const max_results = pick([1, 3, 20, 100, 400, 700]);
      const meaning = filterOf(RUNS, filter);
      const matching = meaning ? runs.filter((run) => holds(meaning, run)) : runs;
      const expected = sorted(matching, orderOf(RUNS, order_by)).map((run) => run.run_id);
      const found = await pages({ experiment_ids: [experiment], filter, order_by, max_results }, 4);
      expect(found, JSON.stringify({ filter, order_by, max_results })).toEqual(expected.slice(0, max_results * 4));
    }
  });

  test.each(KEYS)("every page by %s, in both directions", async (key) => {
    for (const direction of ["ASC", "DESC"]) {
      const order_by = [`${key} ${direction}`];
      const expected = sorted(runs, orderOf(RUNS, order_by)).map((run) => run.run_id);
      expect(await pages({ experiment_ids: [experiment], order_by, max_results: 1000 }, 9)).toEqual(expected);
    }
  });

  test("one answer of more runs than are read at once", async () => {
    const expected = sorted(runs, []).map((run) => run.run_id);
    expect(await pages({ experiment_ids: [experiment], max_results: 3500 }, 1)).toEqual(expected.slice(0, 3500));
    expect(await pages({ experiment_ids: [experiment], max_results: 3500 }, 2)).toEqual(expected);
  });

  test("several experiments", async () => {
    const other = await newExperiment();
    for (const order_by of [[], ["start_time"], ["metrics.loss DESC"]]) {
      const expected = sorted(runs, orderOf(RUNS, order_by)).map((run) => run.run_id);
      const request = { experiment_ids: [experiment, other], order_by, max_results: 900, run_view_type: "ALL" };
      expect(await pages(request, 3)).toEqual(expected.slice(0, 2700));
    }
  });
});
