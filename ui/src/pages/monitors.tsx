import { useEffect, useRef } from "preact/hooks";
import type { Alert, Monitor } from "../api/monitor-types";
import { getAlert, listMonitors } from "../api/monitors";
import { useAlertFeeds, useAlerts, useFiring } from "../data/alerts";
import { useNow } from "../data/clock";
import { useMedia } from "../data/media";
import { useResource } from "../data/resource";
import { hashHref, monitorPath, navigate, newMonitorPath, pathWithQuery, useQueryKey } from "../lib/address";
import { formatCount, plural } from "../lib/format";
import { useKeys } from "../lib/keys";
import { useTitle } from "../lib/title";
import { AlertList } from "../monitors/alert-list";
import { MonitorDetail } from "../monitors/monitor-detail";
import { MonitorList } from "../monitors/monitor-list";
import { useNames } from "../monitors/names";
import { useOrder } from "../monitors/use-order";
import { stateOf } from "../monitors/words";
import { Segments } from "../parts/segments";
import { BusyBar, ErrorNote, PendingRows } from "../parts/states";

const REFRESH_MS = 30_000;
const TICK_MS = 10_000;
const SHOWN_ALERTS = 100;
const NONE: readonly Alert[] = [];
const NO_MONITORS: readonly Monitor[] = [];

/** Monitors and their alerts; on a wide screen one monitor's chart below the list, on a phone in its place. */
export function MonitorsPage({ id }: { id: string | undefined }) {
  const { data, error, busy, reload } = useResource("monitors", (signal) => listMonitors({}, signal), {
    pollMs: () => REFRESH_MS,
  });
  const firing = useFiring({ near: true });
  const isPhone = useMedia("(max-width: 640px)");
  const [q, setQ] = useQueryKey("q");
  const search = useRef<HTMLInputElement>(null);
  const now = useNow(TICK_MS);
  const fires = firing?.alerts;
  const monitors = useOrder(data ?? NO_MONITORS);
  const names = useNames({
    experiments: monitors.flatMap(({ scope }) => ("experiment_id" in scope ? [scope.experiment_id] : [])),
    runs: monitors.flatMap(({ scope }) => ("run_id" in scope ? [{ run: scope.run_id }] : [])),
  });
  useAlertFeeds([
    ...(fires ?? NONE).map(({ experiment_id }) => experiment_id),
    ...monitors.flatMap(({ scope }) => ("experiment_id" in scope ? [scope.experiment_id] : [])),
  ]);
  const wanted = (q ?? "").toLowerCase();
  const rows = monitors.filter((monitor) =>
    [monitor.name, monitor.sentence, monitor.metric].some((text) => text.toLowerCase().includes(wanted)),
  );
  const chosen = monitors.find(({ monitor_id }) => monitor_id === id);
  // Without an address of its own, what is most urgent is in view.
  const shown = chosen ?? (id === undefined && !isPhone ? rows[0] : undefined);
  const [openAlert, setOpenAlert] = useQueryKey("alert");
  const [which] = useQueryKey("alerts");
  useTitle(chosen ? chosen.name || chosen.sentence : "Monitors");

  // What was filtered stays so from one monitor to the next.
  const pathOf = (to: string) => pathWithQuery(monitorPath(to), { q, alerts: which });
  const move = (by: number) => {
    const at = rows.findIndex(({ monitor_id }) => monitor_id === shown?.monitor_id);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) navigate(pathOf(next.monitor_id), { replace: true });
  };
  useKeys({
    "/": () => search.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    n: () => navigate(newMonitorPath()),
  });

  const detail = shown && (
    <MonitorDetail
      key={shown.monitor_id}
      monitor={shown}
      firing={fires}
      onAlert={(alert) => setOpenAlert(alert)}
      onChange={reload}
    />
  );
  const isSingle = isPhone && id !== undefined;
  // On a phone a monitor is a place of its own, and starts at its top.
  useEffect(() => {
    if (isPhone) scrollTo(0, 0);
  }, [isPhone, id]);
  return (
    <div class="page">
      <div class="section-head">
        {isSingle ? (
          <h1 class="crumbs">
            <a href={hashHref("/monitors")}>Monitors</a>
            <span class="slash" aria-hidden="true">
              /
            </span>
            <span class="monitor-crumb">{chosen && (chosen.name || chosen.sentence)}</span>
          </h1>
        ) : (
          <h1>Monitors</h1>
        )}
        {!isSingle && <Counts monitors={monitors} firing={fires} now={now} />}
        <div class="tools push monitor-search">
          {data?.length !== 0 && !isSingle && (
            <input
              class="input"
              type="search"
              ref={search}
              placeholder="Filter monitors"
              aria-label="Filter monitors by name, metric or rule"
              value={q ?? ""}
              onInput={(event) => setQ(event.currentTarget.value || undefined, { replace: true })}
            />
          )}
          {!isSingle && data?.length !== 0 && (
            <a class="button button-main" href={hashHref(newMonitorPath())}>
              New monitor
            </a>
          )}
        </div>
      </div>
      {error && <ErrorNote stale={data !== undefined} what="The monitors" error={error} retry={reload} />}
      {data && id !== undefined && !chosen && (
        <p class="note" role="status">
          There is no such monitor; it may have been deleted. <a href={hashHref("/monitors")}>All monitors</a>
        </p>
      )}
      <div class="monitor-columns">
        {data?.length === 0 ? (
          <NoMonitors />
        ) : (
          <div class="panel">
            <BusyBar busy={busy && data === undefined} />
            {!data && !error && <PendingRows rows={6} label="Loading monitors" />}
            {rows.length > 0 && !isSingle && (
              <div class="monitors-scroll">
                <MonitorList
                  monitors={rows}
                  firing={fires}
                  names={names}
                  selected={shown?.monitor_id}
                  pathOf={pathOf}
                />
              </div>
            )}
            {data && rows.length === 0 && !isSingle && (
              <p class="foot">
                No monitor matches. {plural(monitors.length, "monitor")} without this filter.{" "}
                <button type="button" class="button" onClick={() => setQ(undefined)}>
                  Clear the filter
                </button>
              </p>
            )}
            {detail}
          </div>
        )}
        {/* Below the list there is room for them once its length is known */}
        {(!isPhone || data) && (
          <Alerts
            monitor={isSingle ? id : undefined}
            open={openAlert}
            onOpen={(alert) => setOpenAlert(alert, { replace: true })}
          />
        )}
      </div>
    </div>
  );
}

interface CountsProps {
  monitors: readonly Monitor[];
  firing: readonly Alert[] | undefined;
  now: number;
}

function Counts({ monitors, firing, now }: CountsProps) {
  const states = monitors.map((monitor) => stateOf(monitor, firing, now));
  const count = (kind: string) => states.filter((state) => state.kind === kind).length;
  const isCritical = states.some((state) => state.kind === "firing" && state.severity === "critical");
  return (
    <p class="chips monitor-counts" role="status">
      {count("firing") > 0 && (
        <span
          class={isCritical ? "monitor-state monitor-firing-critical" : "monitor-state monitor-firing-warning"}
          title={firing && `${plural(firing.length, "alert")} on ${plural(count("firing"), "monitor")}`}
        >
          <span class="monitor-dot" aria-hidden="true" />
          {formatCount(count("firing"))} firing
        </span>
      )}
      {(["ok", "muted", "off"] as const).map((kind) =>
        count(kind) > 0 ? (
          <span class="chip" key={kind}>
            {formatCount(count(kind))} {kind}
          </span>
        ) : null,
      )}
    </p>
  );
}

function NoMonitors() {
  return (
    <section class="notice monitors-none">
      <h2>No monitors yet</h2>
      <p class="lead">Open a chart, press n, drag the line to the value you care about.</p>
      <a class="button button-main" href={hashHref(newMonitorPath())}>
        New monitor
      </a>
    </section>
  );
}

interface AlertsProps {
  /** Only this monitor's. */
  monitor: string | undefined;
  open: string | undefined;
  onOpen: (id: string | undefined) => void;
}

/** Alerts of all monitors or of one: those that fire, or all. */
function Alerts({ monitor, open, onOpen }: AlertsProps) {
  const [which, setWhich] = useQueryKey("alerts");
  const onlyOpen = which === "open";
  const { data, error, reload } = useAlerts({
    ...(monitor === undefined ? {} : { monitor_id: monitor }),
    ...(onlyOpen ? { state: "firing" as const } : {}),
    limit: SHOWN_ALERTS,
  });
  const listed = data?.alerts ?? NONE;
  // One that an address names is shown, though it may be older than the list.
  const isMissing = open !== undefined && data !== undefined && !listed.some(({ alert_id }) => alert_id === open);
  const named = useResource(`alert ${open}`, (signal) => getAlert(open ?? "", signal), { idle: !isMissing });
  const alerts = isMissing && named.data ? [named.data, ...listed] : listed;
  const names = useNames({
    experiments: [],
    runs: alerts.map(({ run_id, experiment_id }) => ({ run: run_id, experiment: experiment_id })),
  });
  return (
    <section class="panel alerts-panel" aria-labelledby="alerts">
      <div class="panel-head">
        <h2 id="alerts">Alerts</h2>
        <Segments
          label="Which alerts"
          options={[
            { value: "open", label: "Open" },
            { value: "all", label: "All" },
          ]}
          value={onlyOpen ? "open" : "all"}
          onChange={(value) => setWhich(value === "open" ? "open" : undefined)}
        />
      </div>
      {error && <ErrorNote stale={data !== undefined} what="The alerts" error={error} retry={reload} />}
      {!data && !error && <PendingRows rows={4} label="Loading alerts" />}
      {data && alerts.length === 0 && (
        <p class="foot">{onlyOpen ? "Nothing is firing." : "Nothing fired in 30 days."}</p>
      )}
      <AlertList alerts={alerts} names={names} open={open} onOpen={onOpen} named />
      {data?.next_page_token && <p class="foot">The newest {formatCount(alerts.length)} alerts.</p>}
    </section>
  );
}
