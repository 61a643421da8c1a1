import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChartContext } from "./context";
import { createTurn } from "./frames";
import { type ChartLine, differenceTrack, meanTrack } from "./line";
import type { Track } from "./track";

export interface Lines {
  lines: readonly ChartLine[];
  /** The server has answered for every run. */
  loaded: boolean;
  error: Error | undefined;
}

const NONE: Lines = { lines: [], loaded: false, error: undefined };

/** The lines of one key, read anew when points come: at once after a quiet time, else four times a second. */
export function useLines(context: ChartContext, key: string, near: boolean): Lines {
  const [state, setState] = useState<Lines>(NONE);
  const newest = useRef(context);
  newest.current = context;
  const turn = useRef<ReturnType<typeof createTurn> | undefined>(undefined);
  const { store } = context;

  useEffect(() => {
    if (!near) return;
    const mine = createTurn(() => setState(collect(newest.current, key)));
    turn.current = mine;
    const stopWanting = store.want(key);
    const stopWatching = store.watch(key, mine.ask);
    mine.now();
    return () => {
      mine.leave();
      stopWanting();
      stopWatching();
    };
  }, [store, key, near]);

  useLayoutEffect(() => turn.current?.now(), [context.runs, context.groups, context.relative]);
  return state;
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
