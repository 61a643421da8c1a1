/**
 * Policies on their way in: refuses what a policy rejects, and gives the tags that say what one only warns of. Every isolate
 * keeps the policies for some seconds, so that writing asks the database nothing (docs/policies.md).
 */
import { waitUntil } from "cloudflare:workers";
import { invalid } from "../wire/errors";
import {
  experimentViolations,
  isFor,
  type Policy,
  paramViolations,
  type Rules,
  runViolations,
  tagViolations,
  type Violation,
} from "./rules";
import { VIOLATION_TAG } from "./store";

/** Policies are as they were at most so long ago; read again behind a request's back from FRESH_MS on. */
const STALE_MS = 15_000;
const FRESH_MS = 5_000;

interface KeyValue {
  key: string;
  value: string;
}

let known: { policies: Policy[]; readAt: number } | undefined;
let isReading = false;

/** A change in this isolate is seen by it at once. */
export function forgetPolicies(): void {
  known = undefined;
}

async function read(d1: D1Database): Promise<Policy[]> {
  const readAt = Date.now();
  const { results } = await d1
    .prepare("SELECT name, mode, experiments, rules FROM policies WHERE enabled = ?1 ORDER BY mode, name, policy_id")
    .bind(1)
    .all<Omit<Policy, "rules"> & { rules: string }>();
  const policies = results.map((row) => ({ ...row, rules: JSON.parse(row.rules) as Rules }));
  known = { policies, readAt };
  return policies;
}

async function policiesNow(d1: D1Database): Promise<readonly Policy[]> {
  const age = known ? Date.now() - known.readAt : STALE_MS;
  if (!known || age >= STALE_MS) return await read(d1);
  if (age >= FRESH_MS && !isReading) {
    isReading = true;
    waitUntil(
      read(d1)
        .catch((error) => console.error("reading the policies failed", error))
        .finally(() => {
          isReading = false;
        }),
    );
  }
  return known.policies;
}

/** Tags for a new experiment. Errors: 400 in the words of the rule. */
export async function enforceExperiment(d1: D1Database, name: string): Promise<KeyValue[]> {
  return settle(experimentViolations(await policiesNow(d1), name));
}

/** Tags for a new run. Errors: 400 in the words of the rule. */
export async function enforceRun(
  d1: D1Database,
  run: { experimentId: string; name: string; tags: readonly KeyValue[] },
): Promise<KeyValue[]> {
  const found = runViolations(await policiesNow(d1), run);
  return settle(
    await ofExperiment(d1, found, "SELECT name FROM experiments WHERE experiment_id = ?1", run.experimentId),
  );
}

/** Tags to be written together with params and tags of a run. Errors: 400 in the words of the rule. */
export async function enforceWrites(
  d1: D1Database,
  runId: string,
  { params = [], tags = [] }: { params?: readonly KeyValue[]; tags?: readonly KeyValue[] },
): Promise<KeyValue[]> {
  if (params.length === 0 && tags.length === 0) return [];
  const policies = await policiesNow(d1);
  if (policies.length === 0) return [];
  const found = [...paramViolations(policies, params), ...tagViolations(policies, tags)];
  const name = "SELECT e.name FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id WHERE r.run_id = ?1";
  return settle(await ofExperiment(d1, found, name, runId));
}

/** Only where something is broken by a policy of some experiments it is asked which one this is. */
async function ofExperiment(d1: D1Database, found: Violation[], select: string, id: string): Promise<Violation[]> {
  if (found.every(({ policy }) => policy.experiments === "*")) return found;
  const row = await d1.prepare(select).bind(id).first<{ name: string }>();
  return found.filter(({ policy }) => isFor(policy, row?.name ?? ""));
}

function settle(found: readonly Violation[]): KeyValue[] {
  const refused = found.filter(({ policy }) => policy.mode === "reject");
  const [first] = refused;
  if (first) {
    const messages = [...new Set(refused.map(({ message }) => message))];
    throw invalid(`Refused by policy '${first.policy.name}': ${messages.join(" ")}`);
  }
  const byRule = new Map<string, string>();
  for (const { rule, message } of found) byRule.set(VIOLATION_TAG + rule, message);
  return Array.from(byRule, ([key, value]) => ({ key, value }));
}
