/** Policies: made, listed, changed and removed, and what was written against them. See docs/policies.md. */
import * as v from "valibot";
import { checkAdministrator } from "../retention/administrator";
import { experimentId } from "../tracking/experiment";
import { serve } from "../wire/described";
import type { App, AppContext } from "../wire/rpc";
import { integer, text } from "../wire/schemas";
import { forgetPolicies } from "./enforce";
import { RULES, type Rules } from "./rules";
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  listViolations,
  type PolicyRow,
  updatePolicy,
  VIOLATION_TAG,
} from "./store";

const NAME = v.pipe(text, v.maxLength(200));
const MODE = v.picklist(["reject", "warn"]);
const EXPERIMENTS = v.pipe(text, v.maxLength(500));

const FIELDS = {
  name: NAME,
  mode: v.optional(MODE, "warn"),
  enabled: v.optional(v.boolean(), true),
  experiments: v.optional(EXPERIMENTS, "*"),
  rules: RULES,
} as const;

const POLICY = v.object({ policy_id: v.string(), ...FIELDS, created_time: v.number(), updated_time: v.number() });
const VIOLATION = v.object({
  experiment_id: v.string(),
  experiment_name: v.string(),
  run_id: v.optional(v.string()),
  run_name: v.optional(v.string()),
  time: v.number(),
  rule: v.string(),
  message: v.string(),
});

/** Policies are the administrator's, unless the server says that they are everybody's. Errors: 401, 403. */
async function checkMaySet(c: AppContext): Promise<void> {
  if (c.env.TIDEMARK_POLICIES !== "open") await checkAdministrator(c.req.raw, c.env.TIDEMARK_ADMIN_TOKEN);
}

export function policyRoutes(app: App): void {
  const all = { path: "/policies", tag: "Policies" } as const;
  const single = {
    path: "/policies/:policy_id",
    tag: "Policies",
    params: v.object({ policy_id: text }),
    errors: [401, 403, 404],
  } as const;

  serve(
    app,
    {
      ...all,
      name: "listPolicies",
      method: "GET",
      summary: "Policies by name.",
      answers: [v.object({ policies: v.array(POLICY) })],
    },
    async (_, c) => ({ policies: (await listPolicies(c.get("db"))).map(wirePolicy) }),
  );

  serve(
    app,
    {
      name: "listPolicyViolations",
      method: "GET",
      path: "/policies/violations",
      tag: "Policies",
      summary: "Runs and experiments that policies of mode warn have tagged, the newest first.",
      query: v.object({ experiment_id: v.optional(text), limit: v.optional(integer(1, 1000), 100) }),
      answers: [v.object({ violations: v.array(VIOLATION) })],
    },
    async ({ query }, c) => {
      const id = query.experiment_id === undefined ? undefined : experimentId(query.experiment_id);
      const found = await listViolations(c.env.DB, id, query.limit);
      return {
        violations: found.map(({ run_id, run_name, start_time, tag, ...row }) => ({
          ...row,
          ...(run_id === null ? {} : { run_id, run_name }),
          time: start_time,
          rule: tag.slice(VIOLATION_TAG.length),
        })),
      };
    },
  );

  serve(
    app,
    {
      ...all,
      name: "createPolicy",
      method: "POST",
      summary: "Makes a policy.",
      body: v.object(FIELDS),
      answers: [POLICY],
      errors: [401, 403],
    },
    async ({ body }, c) => {
      await checkMaySet(c);
      const now = Date.now();
      const row: PolicyRow = {
        policyId: crypto.randomUUID().replaceAll("-", ""),
        ...body,
        enabled: Number(body.enabled),
        rules: JSON.stringify(body.rules),
        createdTime: now,
        updatedTime: now,
      };
      await createPolicy(c.get("db"), row);
      forgetPolicies();
      return wirePolicy(row);
    },
  );

  serve(
    app,
    { ...single, name: "getPolicy", method: "GET", summary: "One policy.", answers: [POLICY] },
    async ({ params }, c) => wirePolicy(await getPolicy(c.get("db"), params.policy_id)),
  );

  serve(
    app,
    {
      ...single,
      name: "updatePolicy",
      method: "PATCH",
      summary: "Changes what is given; rules are replaced whole.",
      body: v.partial(
        v.object({ name: NAME, mode: MODE, enabled: v.boolean(), experiments: EXPERIMENTS, rules: RULES }),
      ),
      answers: [POLICY],
    },
    async ({ params, body }, c) => {
      await checkMaySet(c);
      const { enabled, rules, ...rest } = body;
      const change = {
        ...rest,
        ...(enabled === undefined ? {} : { enabled: Number(enabled) }),
        ...(rules === undefined ? {} : { rules: JSON.stringify(rules) }),
        updatedTime: Date.now(),
      };
      const row = await updatePolicy(c.get("db"), params.policy_id, change);
      forgetPolicies();
      return wirePolicy(row);
    },
  );

  serve(
    app,
    { ...single, name: "deletePolicy", method: "DELETE", summary: "Removes a policy.", answers: [v.object({})] },
    async ({ params }, c) => {
      await checkMaySet(c);
      await deletePolicy(c.get("db"), params.policy_id);
      forgetPolicies();
      return {};
    },
  );
}

const wirePolicy = (row: PolicyRow) => ({
  policy_id: row.policyId,
  name: row.name,
  mode: row.mode,
  enabled: row.enabled === 1,
  experiments: row.experiments,
  rules: JSON.parse(row.rules) as Rules,
  created_time: row.createdTime,
  updated_time: row.updatedTime,
});
