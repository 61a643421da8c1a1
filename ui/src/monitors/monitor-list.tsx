import { useEffect, useRef, useState } from "preact/hooks";
import type { Alert, Monitor } from "../api/monitor-types";
import { useNow } from "../data/clock";
import { hashHref, navigate } from "../lib/address";
import { formatNumber } from "../lib/format";
import { toNumber } from "../lib/runs";
import { Age } from "../parts/status";
import { LimitSpark } from "./limit-spark";
import { StateChip } from "./state-chip";
import { useMonitorNow } from "./use-standing";
import { emphasized, limitOf, type MonitorState, type Names, scopeText, standingText, stateOf } from "./words";

const TICK_MS = 5_000;

interface Props {
  monitors: readonly Monitor[];
  firing: readonly Alert[] | undefined;
  names: Names;
  selected: string | undefined;
  /** Where a monitor's row leads. */
  pathOf: (id: string) => string;
  /** The page is one run's: every monitor is shown as it stands on that run. */
  run?: string;
}

/** Monitors, a row each: how it stands, what it watches, its rule in words, its metric of the last day. */
export function MonitorList({ monitors, firing, names, selected, pathOf, run }: Props) {
  const now = useNow(TICK_MS);
  return (
    <table class="table monitors">
      <thead>
        <tr>
          <th scope="col" class="wide-only">
            State
          </th>
          <th scope="col">Monitor</th>
          <th scope="col" class="wide-only">
            Rule
          </th>
          <th scope="col" class="spark-column">
            Last 24 h
          </th>
          <th scope="col" class="right">
            Now
          </th>
        </tr>
      </thead>
      <tbody>
        {monitors.map((monitor) => (
          <MonitorRow
            key={monitor.monitor_id}
            monitor={monitor}
            firing={firing?.filter(({ monitor_id }) => monitor_id === monitor.monitor_id)}
            names={names}
            now={now}
            isSelected={monitor.monitor_id === selected}
            to={pathOf(monitor.monitor_id)}
            run={run}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  monitor: Monitor;
  firing: readonly Alert[] | undefined;
  names: Names;
  now: number;
  isSelected: boolean;
  to: string;
  run: string | undefined;
}

function MonitorRow({ monitor, firing, names, now, isSelected, to, run }: RowProps) {
  const row = useRef<HTMLTableRowElement>(null);
  const near = useSeen(row);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: "nearest" });
  }, [isSelected]);
  // Which run is shown depends on what fires
  const seen = useMonitorNow(monitor, run ?? firing?.[0]?.run_id, !near || firing === undefined);
  const state: MonitorState = stateOf(monitor, firing, now);
  const limit = limitOf(monitor, seen.standing);
  const name = monitor.name || monitor.sentence;
  const scope = scopeText(monitor.scope, names);
  const shown = state.kind === "firing" ? `firing-${state.severity}` : state.kind;
  return (
    <tr
      ref={row}
      class={isSelected ? "monitor-row monitor-selected" : "monitor-row"}
      onClick={(event) => (event.target as Element).closest("a") || navigate(to)}
    >
      <td class="wide-only">
        <StateChip state={state} now={now} />
      </td>
      <th scope="row">
        <a class="row-name" href={hashHref(to)} title={name} aria-current={isSelected ? "true" : undefined}>
          {name}
        </a>
        <span class="monitor-scope quiet small clip" title={scope}>
          {scope}
        </span>
        <span class="phone-only">
          <StateChip state={state} now={now} />
        </span>
      </th>
      <td class="wide-only monitor-rule">
        <Sentence monitor={monitor} />
      </td>
      <td class="spark-column" title={seen.run && `${seen.run.name}, last ${seen.span.text}`}>
        <LimitSpark track={seen.track} limit={limit} tone={shown} />
      </td>
      <td class="right num monitor-now">
        <Now monitor={monitor} seen={seen} />
      </td>
    </tr>
  );
}

/** The rule in the server's words, what matters in bold. */
export function Sentence({ monitor }: { monitor: Monitor }) {
  return (
    <>{emphasized(monitor.sentence, monitor).map(({ text, strong }, i) => (strong ? <b key={i}>{text}</b> : text))}</>
  );
}

/** The newest value as the rule sees it; of silence, how long ago there was one. */
function Now({ monitor, seen }: { monitor: Monitor; seen: ReturnType<typeof useMonitorNow> }) {
  const { run, track, standing, settled } = seen;
  const newest = track?.x[track.x.length - 1] ?? run?.lastPoint;
  if (monitor.condition.type === "silence" && newest !== undefined) {
    return (
      <b>
        <Age at={newest} ago />
      </b>
    );
  }
  const text = standingText(monitor, standing);
  if (text !== undefined && standing) {
    const limit = toNumber(standing.limit);
    const against = Number.isFinite(limit) ? `, limit ${formatNumber(limit)}` : "";
    return <b title={`${toNumber(standing.value)}${against}`}>{text}</b>;
  }
  if (settled && newest === undefined) return <span class="quiet small">no data</span>;
  return null;
}

/** What has come near the screen once stays loaded. */
function useSeen(element: { current: HTMLElement | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!element.current || seen) return;
    const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && setSeen(true), {
      rootMargin: "50% 0px",
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, seen]);
  return seen;
}
