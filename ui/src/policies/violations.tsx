import { useState } from "preact/hooks";
import { listViolations } from "../api/monitors";
import { useResource } from "../data/resource";
import { experimentPath, hashHref, runPath } from "../lib/address";
import { ErrorNote, PendingRows } from "../parts/states";
import { Age } from "../parts/status";
import { RULE_WORDS } from "./draft";

const SHOWN = 10;
const MOST = 1000;

/** What policies that warn have let through, the newest first. */
export function Violations() {
  const { data, error, reload } = useResource("violations", (signal) => listViolations({ limit: MOST }, signal));
  const [all, setAll] = useState(false);
  const shown = all ? data : data?.slice(0, SHOWN);
  return (
    <section class="panel pairs settings" aria-labelledby="violations">
      <h2 id="violations">Violations {data && data.length > 0 && <span class="count">{data.length}</span>}</h2>
      {error && <ErrorNote stale={data !== undefined} what="The violations" error={error} retry={reload} />}
      {!data && !error && <PendingRows rows={1} label="Loading violations" />}
      {data?.length === 0 && <p class="quiet">None. What a policy warns of is let through, and listed here.</p>}
      {shown?.map((violation) => (
        <div class="setting violation" key={`${violation.run_id ?? violation.experiment_id} ${violation.rule}`}>
          <p class="policy-head">
            {violation.run_id && (
              <a class="row-name" href={hashHref(runPath(violation.run_id))}>
                {violation.run_name || violation.run_id.slice(0, 8)}
              </a>
            )}
            <a class="quiet small clip" href={hashHref(experimentPath(violation.experiment_id))}>
              {violation.experiment_name}
            </a>
            <span class="chip">{RULE_WORDS[violation.rule]}</span>
            {/* A run need not say when it began. */}
            {violation.time > 0 && (
              <span class="quiet small push">
                <Age at={violation.time} ago />
              </span>
            )}
          </p>
          <p class="small">{violation.message}</p>
        </div>
      ))}
      {data && data.length > SHOWN && !all && (
        <button type="button" class="button settings-add" onClick={() => setAll(true)}>
          Show all
        </button>
      )}
    </section>
  );
}
