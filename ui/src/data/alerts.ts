/** What fires now, known to every part of the page: one small call at a time, however many parts watch. */
import { useEffect, useRef } from "preact/hooks";
import type { Alert, AlertList, AlertQuery } from "../api/monitor-types";
import { listAlerts } from "../api/monitors";
import { watchExperiment } from "./experiment-feed";
import { type Resource, useResource } from "./resource";
import { createStore, useStore } from "./store";

/** Alerts that the firing list holds; more are only counted. */
const LISTED = 200;
/** How often it is looked, with a page of alerts in view and else. */
const NEAR_MS = 5_000;
const FAR_MS = 15_000;
/** What is on the page comes first. */
const FIRST_MS = 400;
/** Experiments whose feeds are listened to at once. */
const FEEDS = 3;
/** What is told in a burst is looked up once. */
const BURST_MS = 300;

const firing = createStore<AlertList | undefined>(undefined);
/** Counts what changed, so that lists know when to read anew. */
const changes = createStore(0);
const watchers = new Set<{ everyMs: number }>();
let timer: ReturnType<typeof setTimeout> | undefined;
let busy = false;
let again = false;

/** Alerts may have changed: by the reader's hand, or as a feed tells. They are looked at now. */
export function alertsChanged(): void {
  changes.set(changes.get() + 1);
  void look();
}

/** What fires now, the newest first; undefined until it is known. */
export function useFiring(options: { near?: boolean } = {}): AlertList | undefined {
  const everyMs = options.near ? NEAR_MS : FAR_MS;
  useEffect(() => {
    const mine = { everyMs };
    watchers.add(mine);
    if (!firing.get()) plan(everyMs === NEAR_MS ? 0 : FIRST_MS);
    else if (everyMs === NEAR_MS) plan(everyMs);
    return () => {
      watchers.delete(mine);
    };
  }, [everyMs]);
  return useStore(firing);
}

/** Alerts of a list, read anew whenever what fires has changed. */
export function useAlerts(query: AlertQuery): Resource<AlertList> {
  const round = useStore(changes);
  const alerts = useResource(`alerts ${JSON.stringify(query)}`, (signal) => listAlerts(query, signal));
  const { reload } = alerts;
  const read = useRef(round);
  useEffect(() => {
    if (round === read.current) return;
    read.current = round;
    reload();
  }, [round, reload]);
  return alerts;
}

/** Listens to the feeds of experiments, the first few: their alerts are known a moment after they open or change. */
export function useAlertFeeds(experiments: readonly string[]): void {
  const heard = [...new Set(experiments)].slice(0, FEEDS);
  const key = heard.toSorted().join();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        alertsChanged();
      }, BURST_MS);
    };
    const stops = key.split(",").map((id) =>
      id === ""
        ? () => undefined
        : watchExperiment(id, {
            onChanges: (told) => told.some(({ change }) => change === "alert_changed") && tell(),
            onStale: tell,
          }),
    );
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [key]);
}

function plan(wait: number): void {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
}

async function look(): Promise<void> {
  clearTimeout(timer);
  if (busy) {
    again = true;
    return;
  }
  if (watchers.size === 0 || document.hidden) return;
  busy = true;
  try {
    const before = firing.get();
    const now = await listAlerts({ state: "firing", limit: LISTED });
    if (!before || signature(before) !== signature(now)) {
      firing.set(now);
      if (before) changes.set(changes.get() + 1);
    }
  } catch {
    // The bar says that the connection is lost; the next look finds it again.
  } finally {
    busy = false;
  }
  if (again) {
    again = false;
    void look();
  } else if (watchers.size > 0) plan(Math.min(...[...watchers].map(({ everyMs }) => everyMs)));
}

const signature = ({ alerts, firing: count }: AlertList): string =>
  [count, ...alerts.map((a: Alert) => `${a.alert_id} ${a.acknowledged_time} ${a.reopened}`)].join();

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && watchers.size > 0) plan(0);
});
