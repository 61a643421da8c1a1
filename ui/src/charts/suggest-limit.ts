import { outlyingValue } from "../monitors/nice";
import type { ChartContext } from "./context";

/** A round value that the lines of a metric seldom pass on their worse side; undefined where nothing is drawn. */
export function suggestedLimit(context: ChartContext, metric: string): number | undefined {
  const runs = context.focus === undefined ? context.runs.map(({ id }) => id) : [context.focus];
  const values = runs.flatMap((run) => context.store.track(run, metric)?.last ?? []);
  return outlyingValue(values, context.direction(metric) === "max" ? "below" : "above");
}
