import { useState } from "preact/hooks";
import type { Policy } from "../api/monitor-types";
import { createPolicy, deletePolicy, listPolicies, updatePolicy } from "../api/monitors";
import { useResource } from "../data/resource";
import { FieldError } from "../parts/field-error";
import { ErrorNote, PendingRows } from "../parts/states";
import { type Administered, useAdministered } from "./administrator";
import { rulesInWords } from "./draft";
import { PolicyForm } from "./policy-form";
import { TokenForm } from "./token-form";

/** The standards that the server keeps: listed, made, changed and removed. */
export function Policies() {
  const { data, error, reload } = useResource("policies", listPolicies);
  const admin = useAdministered();
  /** The one in the form: an id, or "new". */
  const [editing, setEditing] = useState<string | undefined>(undefined);
  const close = () => {
    setEditing(undefined);
    reload();
  };
  const form = (policy: Policy | undefined) => (
    <PolicyForm
      policy={policy}
      onCancel={() => {
        admin.cancel();
        setEditing(undefined);
      }}
      onSave={(input, failed) =>
        void admin.attempt(
          (token) => (policy ? updatePolicy(policy.policy_id, input, token) : createPolicy(input, token)),
          close,
          failed,
        )
      }
    />
  );
  return (
    <section class="panel pairs settings" aria-labelledby="policies">
      <h2 id="policies">Policies</h2>
      {error && <ErrorNote stale={data !== undefined} what="The policies" error={error} retry={reload} />}
      {!data && !error && <PendingRows rows={1} label="Loading policies" />}
      {data?.length === 0 && editing === undefined && (
        <p class="quiet">None. A policy says how runs are named, which tags they have, and where they go.</p>
      )}
      {data?.map((policy) =>
        editing === policy.policy_id ? (
          <div key={policy.policy_id}>{form(policy)}</div>
        ) : (
          <Line
            key={policy.policy_id}
            policy={policy}
            admin={admin}
            onEdit={() => setEditing(policy.policy_id)}
            onChange={reload}
          />
        ),
      )}
      {editing === "new" && form(undefined)}
      <TokenForm admin={admin} />
      {data && editing === undefined && (
        <button type="button" class="button settings-add" onClick={() => setEditing("new")}>
          Add policy
        </button>
      )}
    </section>
  );
}

interface LineProps {
  policy: Policy;
  admin: Administered;
  onEdit: () => void;
  onChange: () => void;
}

function Line({ policy, admin, onEdit, onChange }: LineProps) {
  const [error, setError] = useState<string | undefined>(undefined);
  const [isLeaving, setLeaving] = useState(false);
  const failed = ({ message }: Error) => setError(message);
  const { policy_id: id, name, mode, enabled, experiments, rules } = policy;
  const attempt = (work: (token: string | undefined) => Promise<unknown>) => {
    setError(undefined);
    void admin.attempt(work, onChange, failed);
  };
  return (
    <div class={enabled ? "setting policy" : "setting policy policy-off"}>
      <div class="policy-what">
        <p class="policy-head">
          <b class="clip">{name}</b>
          <span class="chip">{mode === "reject" ? "refuses" : "warns"}</span>
          {!enabled && <span class="chip">off</span>}
          {experiments !== "*" && (
            <span class="quiet small">
              in <code>{experiments}</code>
            </span>
          )}
        </p>
        <ul class="policy-rules quiet small">
          {rulesInWords(rules).map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      </div>
      {isLeaving ? (
        <span class="tools">
          <button type="button" class="button" onClick={() => attempt((token) => deletePolicy(id, token))}>
            Delete {name}
          </button>
          <button type="button" class="button quiet-button" onClick={() => setLeaving(false)}>
            Keep
          </button>
        </span>
      ) : (
        <span class="tools">
          <button
            type="button"
            class="button"
            aria-label={`${enabled ? "Switch off" : "Switch on"} ${name}`}
            onClick={() => attempt((token) => updatePolicy(id, { enabled: !enabled }, token))}
          >
            {enabled ? "Switch off" : "Switch on"}
          </button>
          <button type="button" class="button" aria-label={`Edit ${name}`} onClick={onEdit}>
            Edit
          </button>
          <button type="button" class="button" aria-label={`Delete ${name}`} onClick={() => setLeaving(true)}>
            Delete
          </button>
        </span>
      )}
      <FieldError text={error} />
    </div>
  );
}
