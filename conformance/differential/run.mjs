/**
 * Makes the same generated calls to Tidemark and to MLflow's own server, and compares what they answer.
 *
 *   node conformance/differential/run.mjs [--calls 20000] [--seed N] [--sequence N] [--ours URI --theirs URI]
 *
 * One sequence can be repeated by its number with --sequence; the seed and the number say all that it does.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { readDifferences } from "../support-table.mjs";
import { ROWS } from "./differences.mjs";
import * as experiments from "./generators/experiments.mjs";
import * as inputs from "./generators/inputs.mjs";
import * as loggedModels from "./generators/logged-models.mjs";
import * as metrics from "./generators/metrics.mjs";
import * as registry from "./generators/registry.mjs";
import * as runSearch from "./generators/run-search.mjs";
import * as runs from "./generators/runs.mjs";
import { Random } from "./random.mjs";
import { Sequence } from "./sequence.mjs";
import { Shared } from "./shared.mjs";
import { spoiling } from "./spoil.mjs";
import { World } from "./world.mjs";

/** A file of generators exports `steps` and `spoilable`; adding it here is all a family needs. */
const GENERATORS = [experiments, runs, metrics, inputs, runSearch, loggedModels, registry];

const STEPS_A_SEQUENCE = 120;
const LANES = 6;
const SPOILT_SHARE = 0.12;

const steps = GENERATORS.flatMap((generators) => generators.steps);
const weight = steps.reduce((sum, [each]) => sum + each, 0);
const spoilt = spoiling(GENERATORS.flatMap((generators) => generators.spoilable));
const ALL_STEPS = [...steps, [weight * SPOILT_SHARE, spoilt]];

/**
 * @param {{ ours: string, theirs: string, calls: number, seed: number, only?: number }} options
 * @returns {Promise<Shared>} the account
 */
export async function differential({ ours, theirs, calls, seed, only }) {
  const shared = new Shared(ours, theirs, calls);
  try {
    await shared.align();
    let next = only ?? 0;
    const lane = async () => {
      while (!shared.isSpent) {
        const number = next;
        next += 1;
        await sequence(shared, seed, number);
        if (only !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: only === undefined ? LANES : 1 }, lane));
  } finally {
    shared.close();
  }
  const documented = readDifferences();
  for (const row of ROWS)
    if (!documented.has(row)) shared.failures.push(`docs/api-support.notes.json lacks the row "${row}"`);
  return shared;
}

async function sequence(shared, seed, number) {
  const random = new Random(seed, number);
  const made = new Sequence(shared, random, `${seed}-${number}`);
  const world = new World(made, random);
  await made.run(world.begin());
  for (let count = 0; count < STEPS_A_SEQUENCE && !shared.isSpent; count += 1)
    await made.run(random.weighted(ALL_STEPS)(world));
}

/** The account as text: families, routes that were called, differences by rule. */
export function report({ families, routes, rules, failures }, { shown = 20 } = {}) {
  const lines = failures.slice(0, shown).map(describe);
  if (failures.length > shown) lines.push(`… and ${failures.length - shown} more`);
  const row = (name, cells) => `  ${name.padEnd(22)}${cells.map((cell) => String(cell).padStart(12)).join("")}`;
  lines.push(row("family", ["calls", "equal", "deliberate", "not built", "failed"]));
  const sum = [0, 0, 0, 0, 0];
  for (const [family, { calls, equal, deliberate, notBuilt, failed }] of families) {
    const cells = [calls, equal, deliberate, notBuilt, failed];
    for (const [index, cell] of cells.entries()) sum[index] += cell;
    lines.push(row(family, cells));
  }
  lines.push(row("all", sum), `  ${routes.size} routes were called`);
  for (const [rule, count] of rules) lines.push(`  deliberate: ${rule}: ${count}`);
  return lines.join("\n");
}

function describe(failure) {
  if (typeof failure === "string") return failure;
  const { sequence: name, call, ours, theirs } = failure;
  const { method, path, query, body, raw, headers, intent } = call;
  const cut = (value) => JSON.stringify(value).slice(0, 600);
  return [
    `sequence ${name}: ${method} ${path} ${cut({ query, body, raw, headers, intent })}`,
    `    ours, MLflow: ${ours.status}, ${theirs.status}; first at ${firstDifference(ours.body, theirs.body, "")}`,
  ].join("\n");
}

function firstDifference(ours, theirs, path) {
  if (isDeepStrictEqual(ours, theirs)) return undefined;
  const isTree = (value) => typeof value === "object" && value !== null;
  if (!isTree(ours) || !isTree(theirs))
    return `${path}: ${JSON.stringify(ours)?.slice(0, 300)} | ${JSON.stringify(theirs)?.slice(0, 300)}`;
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const found = firstDifference(ours[key], theirs[key], `${path}.${key}`);
    if (found) return found;
  }
  return path;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      calls: { type: "string", default: "20000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      sequence: { type: "string" },
      ours: { type: "string" },
      theirs: { type: "string" },
      shown: { type: "string", default: "20" },
    },
  });
  const started = Date.now();
  const account = await differential({
    ours: values.ours,
    theirs: values.theirs,
    calls: Number(values.calls),
    seed: Number(values.seed),
    only: values.sequence === undefined ? undefined : Number(values.sequence),
  });
  console.log(report(account, { shown: Number(values.shown) }));
  console.log(`  seed ${values.seed}, ${Math.round((Date.now() - started) / 1000)} s`);
  process.exitCode = account.failures.length > 0 ? 1 : 0;
}
