import type { Monitor } from "../api/monitor-types";
import { listMonitors } from "../api/monitors";
import { useAlerts, useFiring } from "../data/alerts";
import { useMedia } from "../data/media";
import { useResource } from "../data/resource";
import { hashHref, newMonitorPath, pathWithQuery, runPath, useQueryKey } from "../lib/address";
import { AlertList } from "../monitors/alert-list";
import { MonitorDetail } from "../monitors/monitor-detail";
import { MonitorList } from "../monitors/monitor-list";
import { useNames } from "../monitors/names";
import { useOrder } from "../monitors/use-order";
import { ErrorNote, PendingRows } from "../parts/states";

const SHOWN_ALERTS = 100;
const NONE: readonly Monitor[] = [];

interface Props {
  id: string;
  /** Of the experiment's monitors those that look at this run; all until that is known. */
  looking: ReadonlySet<string> | undefined;
}

/** What watches this run, and what it told of it. */
export function RunMonitors({ id, looking }: Props) {
  const monitors = useResource(`monitors of run ${id}`, (signal) => listMonitors({ run_id: id }, signal));
  const firing = useFiring({ near: true });
  const alerts = useAlerts({ run_id: id, limit: SHOWN_ALERTS });
  const [chosen] = useQueryKey("monitor");
  const [openAlert, setOpenAlert] = useQueryKey("alert");
  const fires = firing?.alerts.filter(({ run_id }) => run_id === id);
  const isPhone = useMedia("(max-width: 640px)");
  const ordered = useOrder(monitors.data ?? NONE);
  const list = ordered.filter(({ monitor_id }) => looking?.has(monitor_id) ?? true);
  const names = useNames({
    experiments: list.flatMap(({ scope }) => ("experiment_id" in scope ? [scope.experiment_id] : [])),
    runs: [{ run: id }],
  });
  const shown =
    list.find(({ monitor_id }) => monitor_id === chosen) ??
    list.find(({ monitor_id }) => fires?.some((alert) => alert.monitor_id === monitor_id)) ??
    list[0];
  const add = (
    <a class="button" href={hashHref(newMonitorPath({ scope: `run:${id}` }))}>
      New monitor
    </a>
  );
  return (
    <div class="monitor-columns">
      <section class="panel" aria-labelledby="run-monitors">
        <div class="panel-head">
          <h2 id="run-monitors">Monitors of this run</h2>
          {add}
        </div>
        {monitors.error && (
          <ErrorNote
            stale={monitors.data !== undefined}
            what="The monitors"
            error={monitors.error}
            retry={monitors.reload}
          />
        )}
        {!monitors.data && !monitors.error && <PendingRows rows={3} label="Loading monitors" />}
        {monitors.data && list.length === 0 && (
          <p class="foot">
            Nothing watches this run. Open a chart, press n, drag the line to the value you care about.
          </p>
        )}
        {list.length > 0 && (
          <MonitorList
            monitors={list}
            firing={fires}
            names={names}
            selected={shown?.monitor_id}
            pathOf={(monitor) => pathWithQuery(runPath(id, "monitors"), { monitor })}
            run={id}
          />
        )}
        {shown && (
          <MonitorDetail
            key={shown.monitor_id}
            monitor={shown}
            firing={fires}
            onAlert={(alert) => setOpenAlert(alert)}
            onChange={monitors.reload}
            run={id}
          />
        )}
      </section>
      {(!isPhone || monitors.data) && (
        <section class="panel alerts-panel" aria-labelledby="run-alerts">
          <div class="panel-head">
            <h2 id="run-alerts">Alerts of this run</h2>
          </div>
          {alerts.error && (
            <ErrorNote stale={alerts.data !== undefined} what="The alerts" error={alerts.error} retry={alerts.reload} />
          )}
          {!alerts.data && !alerts.error && <PendingRows rows={3} label="Loading alerts" />}
          {alerts.data?.alerts.length === 0 && <p class="foot">Nothing fired on this run.</p>}
          <AlertList
            alerts={alerts.data?.alerts ?? []}
            names={names}
            open={openAlert}
            onOpen={(alert) => setOpenAlert(alert, { replace: true })}
          />
        </section>
      )}
    </div>
  );
}
