/** Which columns a table begins with. */
import type { KeysAnswer, KeyUse } from "../api/page-types";
import { headlineRank } from "../lib/direction";
import { compareNames } from "../lib/runs";
import type { Column } from "./column";

const PARAMS_SHOWN = 3;

/** The metric that stands for an experiment where nobody said which, as the server guesses it too. */
export function guessHeadline(metrics: readonly KeyUse[]): string | undefined {
  const most = Math.max(...metrics.map(({ runs }) => runs), 0);
  // One that only a few runs have stands for them alone.
  const rank = ({ key, runs }: KeyUse) => headlineRank(key) + (runs >= most / 2 ? 8 : 0);
  return metrics.toSorted((a, b) => rank(b) - rank(a) || b.runs - a.runs || compareNames(a.key, b.key))[0]?.key;
}

/** Params that tell runs apart, the most telling first: many values, but not one for each run. */
export function mostVaried(params: readonly KeyUse[]): string[] {
  const score = ({ runs, values = 1 }: KeyUse) => (values >= runs ? 1 : Math.log2(values)) * runs;
  return [...params]
    .filter(({ values = 1 }) => values > 1)
    .sort((a, b) => score(b) - score(a) || compareNames(a.key, b.key))
    .map(({ key }) => key);
}

export function defaultColumns(keys: KeysAnswer, headline: string | undefined, hasBaseline: boolean): Column[] {
  const params = mostVaried(keys.params).slice(0, PARAMS_SHOWN);
  return [
    ...(headline ? [{ kind: "metric", key: headline } as const] : []),
    ...(headline && hasBaseline ? [{ kind: "delta", key: headline } as const] : []),
    ...params.map((key): Column => ({ kind: "param", key })),
    { kind: "attribute", key: "start" },
  ];
}
