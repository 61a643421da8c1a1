import type { HomeExperiment } from "../api/page-types";
import { experimentPath, hashHref, runPath } from "../lib/address";
import { formatCount } from "../lib/format";
import { toNumber } from "../lib/runs";
import { Delta } from "../parts/delta";
import { Value } from "../parts/number";
import { Dots } from "../parts/spark";
import { Age, LiveDot } from "../parts/status";

/** Experiments, the latest active first, each with what became of its headline metric. */
export function ExperimentTable({ rows, now }: { rows: readonly HomeExperiment[]; now: number }) {
  return (
    <table class="table experiments">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="right wide-only">
            Runs
          </th>
          <th scope="col" class="right wide-only">
            Live
          </th>
          <th scope="col" class="wide-only">
            Headline metric
          </th>
          <th scope="col" class="wide-only dots-column">
            Newest 20 runs
          </th>
          <th scope="col" class="right">
            Best of 7 d
          </th>
          <th scope="col" class="right">
            <span class="wide-only-inline">Against baseline</span>
            <span class="phone-only">vs base</span>
          </th>
          <th scope="col" class="wide-only">
            Monitors
          </th>
          <th scope="col" class="wide-only">
            Owner
          </th>
          <th scope="col" class="right wide-only">
            Last point
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.experiment_id} row={row} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, now }: { row: HomeExperiment; now: number }) {
  const best = row.best?.value === undefined ? undefined : toNumber(row.best.value);
  const baseline = row.baseline?.value === undefined ? undefined : toNumber(row.baseline.value);
  const newest = row.newest.toReversed().map(({ value }) => (value === undefined ? undefined : toNumber(value)));
  return (
    <tr>
      <th scope="row">
        <a class="row-name" href={hashHref(experimentPath(row.experiment_id))} title={row.name}>
          {row.name}
        </a>
      </th>
      <td class="right num wide-only">
        {formatCount(row.runs)}
        {row.runs_more && "+"}
      </td>
      <td class={row.live > 0 ? "right num wide-only" : "right num quiet wide-only"}>
        {row.live > 0 && <LiveDot />} {formatCount(row.live)}
      </td>
      <td class="wide-only">
        <span class="key clip" title={row.headline?.key}>
          {row.headline?.key}
        </span>
      </td>
      <td class="wide-only dots-column">
        <Dots values={newest} baseline={baseline} />
      </td>
      <td class="right">
        {best !== undefined && (
          <a class="plain-link" href={hashHref(runPath(row.best?.run_id ?? ""))} title={row.best?.run_name}>
            <Value value={best} />
          </a>
        )}
      </td>
      <td class="right">
        {row.baseline ? (
          <Delta value={best} baseline={baseline} direction={row.headline?.direction} />
        ) : (
          <span class="quiet">no baseline</span>
        )}
      </td>
      <td class="wide-only">
        <Monitors count={row.monitors} />
      </td>
      <td class="wide-only clip">{row.owner}</td>
      <td class="right num wide-only">{row.last_activity ? <Age at={Math.min(row.last_activity, now)} /> : null}</td>
    </tr>
  );
}

/** Only what fires carries colour. */
function Monitors({ count }: { count: HomeExperiment["monitors"] }) {
  if (!count) return <span class="quiet">none</span>;
  const { total, firing, muted } = count;
  if (firing > 0) return <span class="state state-firing">{formatCount(firing)} firing</span>;
  const ok = total - muted;
  return <span class="chip">{ok > 0 ? `${formatCount(ok)} ok` : `${formatCount(muted)} muted`}</span>;
}
