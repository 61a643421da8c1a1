/** Policies in D1, and what was written against them in mode `warn`: tags, of which there is an index. */
import { eq } from "drizzle-orm";
import type { Database } from "../db/client";
import { policies } from "../db/schema";
import { invalid, notFound } from "../wire/errors";
import { RULE_NAMES } from "./rules";

const MAX_POLICIES = 100;

/** Tags of runs and experiments that say what they break: this, and the rule's name. */
export const VIOLATION_TAG = "tidemark.policy.";

export type PolicyRow = typeof policies.$inferSelect;

const noSuchPolicy = (id: string) => notFound(`Policy with id=${id} not found`);

export const listPolicies = (db: Database): Promise<PolicyRow[]> =>
  db.select().from(policies).orderBy(policies.name, policies.policyId);

/** Errors: 404. */
export async function getPolicy(db: Database, id: string): Promise<PolicyRow> {
  const [policy] = await db.select().from(policies).where(eq(policies.policyId, id));
  if (!policy) throw noSuchPolicy(id);
  return policy;
}

/** Errors: 400 for one policy too many. */
export async function createPolicy(db: Database, row: PolicyRow): Promise<void> {
  if ((await db.$count(policies)) >= MAX_POLICIES) throw invalid(`There are ${MAX_POLICIES} policies already.`);
  await db.insert(policies).values(row);
}

/** Errors: 404. */
export async function updatePolicy(db: Database, id: string, change: Partial<PolicyRow>): Promise<PolicyRow> {
  const [policy] = await db.update(policies).set(change).where(eq(policies.policyId, id)).returning();
  if (!policy) throw noSuchPolicy(id);
  return policy;
}

/** Errors: 404. */
export async function deletePolicy(db: Database, id: string): Promise<void> {
  const deleted = await db.delete(policies).where(eq(policies.policyId, id)).returning({ id: policies.policyId });
  if (deleted.length === 0) throw noSuchPolicy(id);
}

/** `run_id` is null for the experiment itself. */
export interface ViolationRow {
  experiment_id: string;
  experiment_name: string;
  run_id: string | null;
  run_name: string | null;
  start_time: number;
  tag: string;
  message: string;
}

/** Runs and experiments that carry a violation, the newest first, at most `limit`. */
export async function listViolations(
  d1: D1Database,
  experimentId: string | undefined,
  limit: number,
): Promise<ViolationRow[]> {
  const keys = JSON.stringify(RULE_NAMES.map((rule) => VIOLATION_TAG + rule));
  const only = experimentId === undefined ? "" : " AND e.experiment_id = ?3";
  const { results } = await d1
    .prepare(
      `SELECT e.experiment_id, e.name AS experiment_name, r.run_id, r.name AS run_name, r.start_time, t.key AS tag, t.value AS message
       FROM experiments e CROSS JOIN json_each(?1) k
       CROSS JOIN tags t INDEXED BY tags_by_value ON t.experiment_id = e.experiment_id AND t.key = k.value
       CROSS JOIN runs r ON r.run_id = t.run_id WHERE r.lifecycle_stage = 'active'${only}
       UNION ALL
       SELECT e.experiment_id, e.name, NULL, NULL, e.creation_time, t.key, t.value
       FROM experiments e CROSS JOIN json_each(?1) k
       CROSS JOIN experiment_tags t ON t.experiment_id = e.experiment_id AND t.key = k.value
       WHERE e.lifecycle_stage = 'active'${only}
       ORDER BY 5 DESC LIMIT ?2`,
    )
    .bind(keys, limit, ...(experimentId === undefined ? [] : [experimentId]))
    .all<ViolationRow>();
  return results;
}
