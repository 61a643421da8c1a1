/** Statistics of whole series from block summaries: only the blocks with the first, last and best values are decoded. */
import type { Columns } from "./block";
import type { Fetch, History } from "./history-load";
import type { Piece } from "./pieces";

export interface Observation {
  step: number;
  timestamp: number;
  value: number;
}

/** `mean`, `min` and `max` leave NaNs out; they are absent where every value is NaN. */
export interface SeriesStats {
  key: string;
  count: number;
  nan_count: number;
  mean?: number;
  /** The earliest observation with the smallest and the largest value. */
  min?: Observation;
  max?: Observation;
  /** First and last by (step, timestamp, value); `last` is MLflow's latest. */
  first: Observation;
  last: Observation;
}

export async function statsOf(histories: readonly History[], fetch: Fetch): Promise<SeriesStats[]> {
  const plans = histories
    .filter((h) => h.count > 0)
    .map(({ key, count, pieces }) => {
      const numeric = pieces.filter((p) => p.nans < p.count);
      return {
        key,
        count,
        pieces,
        lowest: best(numeric, (a, b) => a.min < b.min),
        highest: best(numeric, (a, b) => a.max > b.max),
      };
    });
  await fetch([
    ...new Set(
      plans.flatMap(({ pieces, lowest, highest }) =>
        [pieces[0], pieces[pieces.length - 1], lowest, highest].filter((p) => p !== undefined),
      ),
    ),
  ]);
  return plans.map(({ key, count, pieces, lowest, highest }) => {
    const nans = pieces.reduce((n, p) => n + p.nans, 0);
    const last = pieces[pieces.length - 1] as Piece;
    const stats: SeriesStats = {
      key,
      count,
      nan_count: nans,
      first: at(pieces[0] as Piece, 0),
      last: at(last, last.count - 1),
    };
    if (lowest && highest) {
      stats.mean = pieces.reduce((sum, p) => sum + p.sum, 0) / (count - nans);
      stats.min = at(lowest, (lowest.columns as Columns).values.indexOf(lowest.min));
      stats.max = at(highest, (highest.columns as Columns).values.indexOf(highest.max));
    }
    return stats;
  });
}

/** The first piece that no later one beats. */
function best(pieces: readonly Piece[], beats: (a: Piece, b: Piece) => boolean): Piece | undefined {
  return pieces.reduce<Piece | undefined>((winner, p) => (winner && !beats(p, winner) ? winner : p), undefined);
}

function at({ columns }: Piece, i: number): Observation {
  const { steps, timestamps, values } = columns as Columns;
  return { step: steps[i] as number, timestamp: timestamps[i] as number, value: values[i] as number };
}

/** What a cell of a table says of a whole series, from summaries alone. `min`, `max`, `mean` leave NaNs out. */
export interface SeriesSummary {
  count: number;
  nans: number;
  min?: number;
  max?: number;
  mean?: number;
}

/** Nothing is decoded. Undefined for a series without observations. */
export function summaryOf({ count, pieces }: History): SeriesSummary | undefined {
  if (count === 0) return undefined;
  let nans = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    nans += piece.nans;
    sum += piece.sum;
    if (piece.min < min) min = piece.min;
    if (piece.max > max) max = piece.max;
  }
  return nans === count ? { count, nans } : { count, nans, min, max, mean: sum / (count - nans) };
}
