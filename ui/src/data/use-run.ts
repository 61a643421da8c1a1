import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getRun } from "../api/mlflow";
import type { Metric, Run } from "../api/types";
import { isLive, toNumber } from "../lib/runs";
import { type Resource, useResource } from "./resource";
import { type LivePoint, watchRun } from "./run-feed";

/** The newest observation of a key. */
export interface Latest {
  value: number;
  step: number;
  timestamp: number;
}

export interface LiveRun {
  run: Resource<Run>;
  latest: ReadonlyMap<string, Latest>;
  /** Nothing that comes from now on is missed: series read after this are whole. */
  ready: boolean;
  /** Usual milliseconds between two messages with points; undefined until enough came. */
  rhythm: number | undefined;
}

/** Figures beside the charts need no more than this many changes a second. */
const SHOW_MS = 250;
/** Charts don't wait longer than this for the line to open. */
const PATIENCE_MS = 1000;

/**
 * A run and what comes of it live.
 * @param onPoints gets every observation at once
 * @param onGap what is drawn has a hole: it must be read again
 */
export function useLiveRun(
  id: string,
  onPoints: (keys: Record<string, LivePoint[]>) => void,
  onGap: () => void,
): LiveRun {
  const run = useResource(`run ${id}`, (signal) => getRun(id, signal));
  const [state, setState] = useState<{ ready: boolean; told: Partial<Run["info"]>; version: number }>({
    ready: false,
    told: {},
    version: 0,
  });
  const handlers = useRef({ onPoints, onGap });
  handlers.current = { onPoints, onGap };
  const fresh = useRef(new Map<string, Latest>());
  const rhythm = useRef<{ at: number; gaps: number[] }>({ at: 0, gaps: [] });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waited = false;
    const patience = setTimeout(() => {
      waited = true;
      setState((old) => ({ ...old, ready: true }));
    }, PATIENCE_MS);
    const stop = watchRun(id, {
      onRun: ({ run_name, status, lifecycle_stage }) => {
        setState((old) => ({ ...old, told: { run_name, status, lifecycle_stage } }));
      },
      onPoints: (keys) => {
        handlers.current.onPoints(keys);
        takeLatest(fresh.current, keys);
        beat(rhythm.current);
        timer ??= setTimeout(() => {
          timer = undefined;
          setState((old) => ({ ...old, version: old.version + 1 }));
        }, SHOW_MS);
      },
      onGap: () => handlers.current.onGap(),
      onReady: () => {
        clearTimeout(patience);
        setState((old) => ({ ...old, ready: true }));
        if (waited) handlers.current.onGap();
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(patience);
    };
  }, [id]);

  const told = state.told;
  // Its end time comes with reading it; of a run that was read after its end there is no more to know.
  const read = run.data?.info.status;
  const hasEnded = told.status !== undefined && told.status !== "RUNNING" && read !== undefined && read !== told.status;
  useEffect(() => {
    if (hasEnded) run.reload();
  }, [hasEnded]);

  const data = useMemo(() => {
    if (!run.data || !told.status) return run.data;
    return { ...run.data, info: { ...run.data.info, ...told } };
  }, [run.data, told]);
  const latest = useMemo(() => merged(run.data?.data.metrics ?? [], fresh.current), [run.data, state.version]);
  const { gaps } = rhythm.current;
  return {
    run: { ...run, data },
    latest,
    ready: state.ready || (data !== undefined && !isLive(data.info)),
    rhythm: gaps.length >= 3 ? gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] : undefined,
  };
}

/** Latest is the largest by step, then time, then value: whatever the order of arrival. */
export function isLater(a: Latest, b: Latest): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value;
}

export function takeLatest(into: Map<string, Latest>, keys: Record<string, readonly LivePoint[]>): void {
  for (const [key, points] of Object.entries(keys)) {
    for (const [step, timestamp, wire] of points) {
      const next = { step, timestamp, value: toNumber(wire) };
      const old = into.get(key);
      if (!old || isLater(next, old)) into.set(key, next);
    }
  }
}

function merged(metrics: readonly Metric[], fresh: ReadonlyMap<string, Latest>): Map<string, Latest> {
  const all = new Map<string, Latest>();
  for (const { key, value, step, timestamp } of metrics) all.set(key, { value: toNumber(value), step, timestamp });
  for (const [key, latest] of fresh) {
    const old = all.get(key);
    if (!old || isLater(latest, old)) all.set(key, latest);
  }
  return all;
}

const BEATS = 20;

function beat(rhythm: { at: number; gaps: number[] }): void {
  const now = performance.now();
  if (rhythm.at > 0) rhythm.gaps.push(now - rhythm.at);
  if (rhythm.gaps.length > BEATS) rhythm.gaps.shift();
  rhythm.at = now;
}
