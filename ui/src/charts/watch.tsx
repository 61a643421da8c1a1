/** What monitors say on a page's charts, kept current; comes after the charts are there. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { searchRuns } from "../api/mlflow";
import type { Alert, Monitor } from "../api/monitor-types";
import { acknowledgeAlert, listMonitors } from "../api/monitors";
import { alertsChanged, useAlerts } from "../data/alerts";
import { openSockets } from "../data/connection";
import { useResource } from "../data/resource";
import { useStore } from "../data/store";
import { toldAlert } from "../data/told-alerts";
import { navigate, newMonitorPath } from "../lib/address";
import { useKeys } from "../lib/keys";
import type { ChartContext } from "./context";
import { gravestFirst, looksAt, merged } from "./marks";
import { suggestedLimit } from "./suggest-limit";
import { makeSource } from "./watch-source";

/** Alerts marked on a page's charts at most, the newest. */
const MARKED = 200;
const MONITORS_MS = 60_000;
const FILTERS_MS = 60_000;
/** Filters asked about at most, and runs that each is asked of. */
const FILTERS = 10;
const MATCHED = 100;
/** What is told in a burst is looked up once. */
const BURST_MS = 500;

interface Props {
  context: ChartContext;
  experiment: string;
  /** The page is this run's. */
  run?: string;
}

/** Shows nothing itself: its marks go to the charts, through their context. */
export function Watch({ context, experiment, run }: Props) {
  const scope = run === undefined ? { experiment_id: experiment } : { run_id: run };
  const monitors = useResource(`monitors ${JSON.stringify(scope)}`, (signal) => listMonitors(scope, signal), {
    pollMs: () => MONITORS_MS,
  });
  const alerts = useAlertsOf(scope, monitors.data, monitors.reload);
  const runs = useMemo(
    () =>
      new Set(
        run === undefined ? [...context.runs.map(({ id }) => id), ...context.groups.flatMap((g) => g.runs)] : [run],
      ),
    [run, context.runs, context.groups],
  );
  const matching = useMatching(monitors.data, experiment, runs);
  const [said, setSaid] = useState("");
  const pinned = useRef<string[]>([]);
  const newest = useRef(context);
  newest.current = context;

  const acknowledge = (wanted: (alert: Alert) => boolean): boolean => {
    const open = gravestFirst(alerts.filter((one) => one.state === "firing" && one.acknowledged_time === undefined));
    const alert = open.find(wanted);
    if (!alert) return false;
    const name = alert.name || alert.sentence;
    void acknowledgeAlert(alert.alert_id, {}).then(
      (changed) => {
        setSaid(`Acknowledged: ${name}.`);
        toldAlert.set(changed);
        alertsChanged();
      },
      (error: Error) => setSaid(`Not acknowledged: ${name}. ${error.message}`),
    );
    return true;
  };
  const newMonitor = (metric: string) => {
    const place = run === undefined ? `experiment:${experiment}` : `run:${run}`;
    const value = suggestedLimit(newest.current, metric);
    navigate(newMonitorPath({ scope: place, metric, ...(value === undefined ? {} : { value: String(value) }) }));
  };
  useKeys({
    n: () => {
      const metric = underHand();
      return metric === undefined ? false : newMonitor(metric);
    },
    a: () => {
      const metric = underHand();
      return acknowledge((alert) => alert.metric === metric) || acknowledge(() => true);
    },
  });

  const { x, relative, store, marks } = context;
  useEffect(() => {
    // Whom a filter holds of is known a moment later: until then nothing is shown that would change.
    if (!monitors.data || !matching) return;
    const looking = monitors.data.filter((monitor) => looksAt(monitor, runs, matching));
    const drawn = alerts.filter((alert) => runs.has(alert.run_id));
    if (run !== undefined) {
      const firing = gravestFirst(drawn.filter(({ state }) => state === "firing")).map(({ metric }) => metric);
      // A chart that has come first stays there: nothing moves under the reader's hand when an alert ends.
      pinned.current = [...new Set([...pinned.current, ...firing])];
    }
    marks.set(
      makeSource(
        { monitors: looking, alerts: drawn, first: pinned.current },
        { kind: x, relative, originOf: (id, metric) => store.track(id, metric)?.origin },
        { newMonitor, acknowledge: (metric) => acknowledge((alert) => alert.metric === metric) },
      ),
    );
  }, [monitors.data, alerts, runs, matching, x, relative, store, marks]);
  useEffect(() => () => marks.set(undefined), [marks]);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}

/** The metric whose chart is under the pointer or has the focus. */
function underHand(): string | undefined {
  return document.querySelector<HTMLElement>("figure[data-metric]:is(:hover, :focus-within)")?.dataset.metric;
}

/** Alerts as they were read, and as the feed tells of them since. */
function useAlertsOf(
  scope: { run_id: string } | { experiment_id: string },
  monitors: readonly Monitor[] | undefined,
  onUnknown: () => void,
): readonly Alert[] {
  const { data, reload } = useAlerts({ ...scope, limit: MARKED });
  const [told, setTold] = useState<ReadonlyMap<string, Alert>>(new Map());
  const known = useRef(monitors);
  known.current = monitors;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = toldAlert.watch(() => {
      const alert = toldAlert.get();
      const isOurs =
        alert && ("run_id" in scope ? alert.run_id === scope.run_id : alert.experiment_id === scope.experiment_id);
      if (!alert || !isOurs) return;
      // The newest of them: a page may be open for days.
      setTold((old) => new Map([...old, [alert.alert_id, alert] as const].slice(-MARKED)));
      timer ??= setTimeout(() => {
        timer = undefined;
        alertsChanged();
        if (!known.current?.some((monitor) => monitor.monitor_id === alert.monitor_id)) onUnknown();
      }, BURST_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [JSON.stringify(scope)]);
  // Nothing is told while the line is down.
  const sockets = useStore(openSockets);
  const before = useRef(sockets);
  useEffect(() => {
    if (sockets > before.current) reload();
    before.current = sockets;
  }, [sockets, reload]);
  return useMemo(() => merged(data?.alerts ?? [], told), [data, told]);
}

/** Which of the runs the filters of monitors hold of; undefined until that is known. */
function useMatching(
  monitors: readonly Monitor[] | undefined,
  experiment: string,
  runs: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const filters = [
    ...new Set(monitors?.flatMap(({ scope }) => ("experiment_id" in scope && scope.filter ? [scope.filter] : []))),
  ].slice(0, FILTERS);
  const ids = [...runs].slice(0, MATCHED);
  const { data } = useResource(
    `matching ${experiment} ${ids.join()} ${filters.join("\n")}`,
    async (signal) => {
      const among = `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`;
      const found = await Promise.all(
        filters.map(async (filter): Promise<[string, ReadonlySet<string>]> => {
          const options = { experiments: [experiment], filter: `(${filter}) AND ${among}`, max: ids.length };
          const matches = await searchRuns(options, signal).catch(() => []);
          return [filter, new Set(matches.map(({ info }) => info.run_id))];
        }),
      );
      return new Map(found);
    },
    { idle: filters.length === 0 || ids.length === 0, pollMs: () => FILTERS_MS },
  );
  return filters.length === 0 || ids.length === 0 ? NOTHING : data;
}

const NOTHING: ReadonlyMap<string, ReadonlySet<string>> = new Map();
