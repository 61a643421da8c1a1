import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Page, searchRuns } from "../api/mlflow";
import type { Run } from "../api/types";
import { isLive } from "../lib/runs";
import { DEFAULT_SORT, formatSort, orderBy, type RunSort } from "../lib/sort";
import { sortRuns } from "../lib/sort-runs";
import { useResource } from "./resource";

const PAGE_SIZE = 200;
const EMPTY_MS = 2_000;
const LIVE_MS = 4_000;
const QUIET_MS = 15_000;

export interface RunList {
  /** In the order asked for; undefined until the first page is there. */
  runs: Run[] | undefined;
  /** The runs are still those of the order before. */
  isReordering: boolean;
  /** There are more behind the last one; `loadMore` fetches them. */
  more: boolean;
  loadMore(): void;
  loadingMore: boolean;
  busy: boolean;
  error: Error | undefined;
  retry(): void;
}

interface Tail {
  runs: Run[];
  next: string | undefined;
}

/** The runs of an experiment: the first page is kept fresh, the others come when asked for. */
export function useRuns(experiment: string, sort: RunSort): RunList {
  const order = orderBy(sort);
  const key = `runs ${experiment} ${order.join()}`;
  const [tail, setTail] = useState<{ key: string; tail: Tail | undefined }>({ key, tail: undefined });
  const [failed, setFailed] = useState<{ key: string; error: Error } | undefined>(undefined);
  const [loadingMore, setLoadingMore] = useState(false);
  const control = useRef<AbortController | undefined>(undefined);

  const search = (signal: AbortSignal, pageToken?: string) =>
    searchRuns({ experiments: [experiment], max: PAGE_SIZE, orderBy: order, pageToken }, signal);
  const head = useResource(key, (signal) => firstPage(experiment, sort, signal), {
    pollMs: (page) => {
      if (!page?.items.length) return EMPTY_MS;
      return page.items.some((run) => isLive(run.info)) ? LIVE_MS : QUIET_MS;
    },
  });
  const rest = tail.key === key ? tail.tail : undefined;
  const error = failed?.key === key ? failed.error : undefined;
  const next = rest ? rest.next : head.data?.next;

  // Another order or experiment makes what is under way useless
  useEffect(() => () => control.current?.abort(), [key]);

  const loadMore = useCallback(() => {
    if (loadingMore || next === undefined) return;
    const mine = new AbortController();
    control.current = mine;
    setLoadingMore(true);
    setFailed(undefined);
    search(mine.signal, next)
      .then((page) => {
        if (mine.signal.aborted) return;
        setTail({ key, tail: { runs: [...(rest?.runs ?? []), ...page.items], next: page.next } });
      })
      .catch((thrown: unknown) => {
        if (!mine.signal.aborted)
          setFailed({ key, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      })
      .finally(() => setLoadingMore(false));
  }, [key, next, rest, loadingMore]);

  // While another order is fetched, the runs stay in view in the old one.
  const shown = useRef<{ experiment: string; runs: Run[] } | undefined>(undefined);
  if (head.data) shown.current = { experiment, runs: joined(head.data.items, rest?.runs ?? []) };

  return {
    runs: shown.current?.experiment === experiment ? shown.current.runs : undefined,
    isReordering: head.data === undefined,
    more: next !== undefined && error === undefined,
    loadMore,
    loadingMore,
    busy: head.busy,
    error: head.error ?? error,
    retry: head.error ? head.reload : loadMore,
  };
}

/** Experiments found to have more runs than one page holds. */
const large = new Set<string>();

/** One page's worth of runs is put in order here; only of more than that the server has to say which come first. */
async function firstPage(experiment: string, sort: RunSort, signal: AbortSignal): Promise<Page<Run>> {
  const search = (by: RunSort) =>
    searchRuns({ experiments: [experiment], max: PAGE_SIZE, orderBy: orderBy(by) }, signal);
  if (!large.has(experiment)) {
    const newest = await search(DEFAULT_SORT);
    if (newest.next === undefined) return { items: sortRuns(newest.items, sort), next: undefined };
    large.add(experiment);
    if (formatSort(sort) === formatSort(DEFAULT_SORT)) return newest;
  }
  return search(sort);
}

/** Runs that moved between pages while those were fetched stand once, where the fresher page has them. */
function joined(head: readonly Run[], tail: readonly Run[]): Run[] {
  const seen = new Set<string>();
  return [...head, ...tail].filter(({ info }) => !seen.has(info.run_id) && seen.add(info.run_id));
}
