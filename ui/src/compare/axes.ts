/** What runs can be placed by: a metric's value, or a param, as a number where all of them are numbers. Plain functions. */
import type { Run } from "../api/types";
import { formatTick } from "../lib/format";
import { type Compared, measured } from "../pages/compare-table";

export interface Axis {
  id: string;
  label: string;
  /** From 0 to 1 along the axis; undefined for a run that lacks it. */
  place: (run: Run) => number | undefined;
  ticks: { at: number; label: string }[];
}

const AIR = 0.06;

export function metricAxis(compared: Compared, key: string, runs: readonly Run[]): Axis {
  const value = (run: Run) => measured(compared, run.info.run_id, key);
  return numberAxis(`m:${key}`, key, value, runs);
}

export function paramAxis(key: string, runs: readonly Run[]): Axis {
  const text = (run: Run) => run.data.params?.find((param) => param.key === key)?.value;
  const texts = runs.map(text).filter((one) => one !== undefined);
  if (texts.length > 0 && texts.every((one) => one.trim() !== "" && Number.isFinite(Number(one)))) {
    return numberAxis(`p:${key}`, key, (run) => (text(run) === undefined ? undefined : Number(text(run))), runs);
  }
  const values = [...new Set(texts)].sort();
  const at = (value: string) =>
    values.length === 1 ? 0.5 : AIR + (values.indexOf(value) / (values.length - 1)) * (1 - 2 * AIR);
  return {
    id: `p:${key}`,
    label: key,
    place: (run) => {
      const value = text(run);
      return value === undefined ? undefined : at(value);
    },
    ticks: values
      .slice(0, 12)
      .map((value) => ({ at: at(value), label: value.length > 14 ? `${value.slice(0, 13)}…` : value })),
  };
}

function numberAxis(id: string, label: string, value: (run: Run) => number | undefined, runs: readonly Run[]): Axis {
  const numbers = runs.map(value).filter((one): one is number => one !== undefined && Number.isFinite(one));
  const min = Math.min(...numbers);
  const max = Math.max(...numbers);
  const span = max - min || 1;
  const at = (number: number) => (max === min ? 0.5 : AIR + ((number - min) / span) * (1 - 2 * AIR));
  const stops = max === min ? [min] : [min, (min + max) / 2, max];
  return {
    id,
    label,
    place: (run) => {
      const number = value(run);
      return number === undefined || !Number.isFinite(number) ? undefined : at(number);
    },
    ticks: numbers.length
      ? stops.map((stop) => ({ at: at(stop), label: formatTick(Number(stop.toPrecision(3))) }))
      : [],
  };
}

export function differingParams(runs: readonly Run[]): string[] {
  const values = new Map<string, Set<string | undefined>>();
  const keys = new Set(runs.flatMap((run) => (run.data.params ?? []).map(({ key }) => key)));
  for (const key of keys) {
    values.set(key, new Set(runs.map((run) => run.data.params?.find((param) => param.key === key)?.value)));
  }
  return [...values]
    .filter(([, set]) => set.size > 1)
    .map(([key]) => key)
    .sort();
}
