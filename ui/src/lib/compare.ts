/** How a value stands beside the baseline's; plain functions. */
import { formatNumber, MINUS } from "./format";

/** Which way is better. */
export type Direction = "max" | "min";

export interface Difference {
  /** Relative differences are of the baseline's size; beside a baseline of nothing they are absolute. */
  relative: boolean;
  amount: number;
  tone: "better" | "worse" | "even" | "unknown";
}

const NOTHING = 1e-9;
/** Less than this share counts as equal. */
const EVEN = 0.0005;

/** Undefined where either is missing or no finite number. */
export function difference(
  value: number | undefined,
  baseline: number | undefined,
  direction: Direction | undefined,
): Difference | undefined {
  if (value === undefined || baseline === undefined) return undefined;
  if (!Number.isFinite(value) || !Number.isFinite(baseline)) return undefined;
  const relative = Math.abs(baseline) >= NOTHING;
  const amount = relative ? (value - baseline) / Math.abs(baseline) : value - baseline;
  const even = relative ? Math.abs(amount) < EVEN : amount === 0;
  if (even) return { relative, amount, tone: "even" };
  if (!direction) return { relative, amount, tone: "unknown" };
  return { relative, amount, tone: amount > 0 === (direction === "max") ? "better" : "worse" };
}

/** "+0.77%", "−5.1%", "= 0.0%", "+0.0312" where there is nothing to be relative to. */
export function formatDifference({ relative, amount, tone }: Difference): string {
  if (tone === "even") return relative ? "= 0.0%" : "= 0";
  const sign = amount > 0 ? "+" : MINUS;
  const size = Math.abs(amount);
  if (!relative) return `${sign}${formatNumber(size)}`;
  const percent = size * 100;
  if (percent >= 1e5) return `${sign}${(percent / 100).toExponential(1).replace("e+", "e")}×`;
  const digits = percent < 1 ? 2 : percent < 1000 ? 1 : 0;
  return `${sign}${percent.toFixed(digits)}%`;
}

/** What a screen reader says: "better by 0.8 percent". */
export function speakDifference({ relative, amount, tone }: Difference): string {
  if (tone === "even") return "equal to the baseline";
  const size = Math.abs(amount);
  const words = relative ? `${Number((size * 100).toPrecision(2))} percent` : formatNumber(size);
  if (tone === "unknown") return `${amount > 0 ? "higher" : "lower"} by ${words}`;
  return `${tone} by ${words}`;
}
