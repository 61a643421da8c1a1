import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { XKind } from "../api/tidemark";
import { createStore } from "../data/store";
import { useQuery } from "../lib/address";
import type { Direction } from "../lib/compare";
import { useKeys } from "../lib/keys";
import type { ChartContext, ChartGroup, ChartRun } from "./context";
import type { MarkSource } from "./mark-source";
import { SeriesStore } from "./series-store";

/** As the address has them. */
const X_NAMES: Record<string, XKind> = { step: "step", time: "time", rel: "relative" };
export const X_CHOICES: readonly { value: string; label: string }[] = [
  { value: "step", label: "Step" },
  { value: "time", label: "Time" },
  { value: "rel", label: "Relative" },
];
export const SMOOTHING_MAX = 0.99;
const SMOOTHING_STEP = 0.05;

export interface ChartControls {
  context: ChartContext;
  xName: string;
  setX: (name: string) => void;
  setSmoothing: (smoothing: number) => void;
  /** Shown enlarged. */
  enlarged: string | undefined;
  setEnlarged: (key: string | undefined) => void;
  /** What of the address could not be read. */
  problems: string[];
}

interface Setup {
  /** Names the page: another page's charts share nothing with it. */
  page: string;
  runs: readonly ChartRun[];
  groups?: readonly ChartGroup[];
  focus?: string;
  baseline: string | undefined;
  direction: (key: string) => Direction | undefined;
  /** Draw differences from the baseline. */
  relative?: boolean;
}

const NO_GROUPS: readonly ChartGroup[] = [];

/** What a page's charts share, as the address has it, and the keys that change it. */
export function useCharts({
  page,
  runs,
  groups = NO_GROUPS,
  focus,
  baseline,
  direction,
  relative = false,
}: Setup): ChartControls {
  const [query, setQuery] = useQuery();
  const [enlarged, setEnlarged] = useState<string | undefined>(undefined);
  const store = useMemo(() => new SeriesStore(), [page]);
  const lifted = useMemo(() => createStore<string | undefined>(undefined), [page]);
  const marks = useMemo(() => createStore<MarkSource | undefined>(undefined), [page]);
  useEffect(() => () => store.close(), [store]);

  const problems: string[] = [];
  const xName = readX(query.get("x"), problems);
  const x = X_NAMES[xName] ?? "step";
  const smoothing = readSmoothing(query.get("s"), problems);
  const range = useMemo(() => readRange(query.get("z")), [query.get("z")]);
  if (query.get("z") && !range) problems.push(`the zoom “${query.get("z")}”`);
  const logs = useMemo(() => readKeys(query.get("log")), [query.get("log")]);

  const view = `${x} ${smoothing} ${range}`;
  const shown = useRef("");
  if (shown.current !== view + page) {
    shown.current = view + page;
    store.setView({ x, smoothing, range });
  }
  const all = useMemo(
    () => [...new Set([...runs.map(({ id }) => id), ...groups.flatMap((group) => group.runs)])],
    [runs, groups],
  );
  // Before the charts below are drawn, which ask for their series
  useMemo(() => store.setRuns(all), [store, all]);

  const setX = (name: string) => setQuery({ x: name === "step" ? undefined : name, z: undefined });
  const setSmoothing = (value: number) => {
    const rounded = Math.round(Math.min(SMOOTHING_MAX, Math.max(0, value)) * 100) / 100;
    setQuery({ s: rounded ? String(rounded) : undefined }, { replace: true });
  };
  const toggleLog = (key: string) => {
    const next = new Set(logs);
    if (!next.delete(key)) next.add(key);
    setQuery({ log: writeKeys(next) });
  };
  useKeys({
    "[": () => setSmoothing(smoothing - SMOOTHING_STEP),
    "]": () => setSmoothing(smoothing + SMOOTHING_STEP),
    s: () => setX(nextX(xName)),
    "0": range ? () => setQuery({ z: undefined }) : undefined,
  });

  const context: ChartContext = {
    store,
    runs,
    groups,
    relative,
    focus,
    baseline,
    x,
    smoothing,
    range,
    onRange: (next) => setQuery({ z: next && `${shortNumber(next[0], next)}..${shortNumber(next[1], next)}` }),
    isLog: (key) => logs.has(key),
    toggleLog,
    direction,
    marks,
    lifted,
    onEnlarge: setEnlarged,
    sync: `${page} ${xName}`,
  };
  return { context, xName, setX, setSmoothing, enlarged, setEnlarged, problems };
}

/** Keys in an address stand between commas; one within a key is doubled. */
function readKeys(text: string | null): Set<string> {
  return new Set(
    (text ?? "")
      .split(/(?<!,),(?!,)/)
      .filter(Boolean)
      .map((key) => key.replaceAll(",,", ",")),
  );
}

function writeKeys(keys: ReadonlySet<string>): string {
  return [...keys].map((key) => key.replaceAll(",", ",,")).join(",");
}

function nextX(name: string): string {
  const at = X_CHOICES.findIndex(({ value }) => value === name);
  return X_CHOICES[(at + 1) % X_CHOICES.length]?.value ?? "step";
}

function readX(text: string | null, problems: string[]): string {
  if (text === null) return "step";
  if (Object.hasOwn(X_NAMES, text)) return text;
  problems.push(`the axis “${text}”`);
  return "step";
}

function readSmoothing(text: string | null, problems: string[]): number {
  if (text === null) return 0;
  const value = Number(text);
  if (value >= 0 && value <= SMOOTHING_MAX) return value;
  problems.push(`the smoothing “${text}”`);
  return 0;
}

function readRange(text: string | null): readonly [number, number] | undefined {
  const [from, to] = (text ?? "").split("..").map(Number);
  if (from === undefined || to === undefined || !(from < to)) return undefined;
  return [from, to];
}

/** As many digits as tell the ends of a stretch apart. */
function shortNumber(value: number, [from, to]: readonly [number, number]): string {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(to - from)));
  return String(Number(value.toFixed(Math.min(20, digits))));
}
