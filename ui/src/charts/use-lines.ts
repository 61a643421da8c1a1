import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChartContext } from "./context";
import { createTurn, type Place } from "./frames";
import { type ChartLine, differenceTrack, meanTrack } from "./line";
import type { Track } from "./track";

export interface Lines {
  lines: readonly ChartLine[];
  /** The server has answered for every run. */
  loaded: boolean;
  error: Error | undefined;
}

const NONE: Lines = { lines: [], loaded: false, error: undefined };

/**
 * The lines of one key. What the server answers is drawn in the next frame, live points at once after a quiet time, else four
 * times a second.
 */
export function useLines(context: ChartContext, key: string, near: boolean): Lines {
  const { store } = context;
  // Back on a page, or in a layer over it, lines are there before anything is drawn.
  const [state, setState] = useState<Lines>(() => (near ? collect(context, key) : NONE));
  const newest = useRef(context);
  newest.current = context;
  const turn = useRef<Place | undefined>(undefined);

  useLayoutEffect(() => {
    if (!near) return;
    const mine = createTurn(() => setState(collect(newest.current, key)));
    turn.current = mine;
    const stopWanting = store.want(key);
    const stopWatching = store.watch(key, (isAnswer) => {
      if (isAnswer) mine.first(rowsOf(newest.current, key));
      else mine.ask();
    });
    if (store.isLoaded(key) || store.error(key)) mine.first(rowsOf(newest.current, key));
    return () => {
      mine.leave();
      stopWanting();
      stopWatching();
    };
  }, [store, key, near]);

  // Other runs: what is known of them is drawn before the server is asked for the rest.
  const drawn = useRef(context);
  useLayoutEffect(() => {
    const { runs, groups, relative } = drawn.current;
    drawn.current = context;
    if (runs !== context.runs || groups !== context.groups || relative !== context.relative) turn.current?.now();
  });
  return state;
}

/** Rows that drawing a key takes. */
function rowsOf({ store, runs, groups }: ChartContext, key: string): number {
  const ids = [...runs.map(({ id }) => id), ...groups.flatMap((group) => group.runs)];
  return ids.reduce((sum, id) => sum + (store.track(id, key)?.x.length ?? 0), 0);
}

/** Tracks grow in place: the copies tell that something is new. */
function collect(context: ChartContext, key: string): Lines {
  const { store } = context;
  const lines: ChartLine[] = [];
  for (const run of context.runs) {
    const track = store.track(run.id, key);
    if (track?.x.length) lines.push({ ...run, track });
  }
  for (const group of context.groups) {
    const tracks = group.runs.flatMap((run) => store.track(run, key) ?? []).filter(({ x }) => x.length > 0);
    const track: Track | undefined = meanTrack(group.id, tracks);
    if (track) lines.push({ ...group, baseline: false, live: false, track, runs: tracks.length });
  }
  const base = context.relative ? lines.find(({ baseline }) => baseline)?.track : undefined;
  const drawn = base ? lines.map((line) => ({ ...line, track: differenceTrack(line.track, base) })) : lines;
  return { lines: drawn, loaded: store.isLoaded(key), error: store.error(key) };
}
