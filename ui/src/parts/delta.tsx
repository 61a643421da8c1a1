import { type Direction, difference, formatDifference, speakDifference } from "../lib/compare";

interface Props {
  value: number | undefined;
  baseline: number | undefined;
  direction: Direction | undefined;
}

/** A value's difference from the baseline: the arrow is the way the number moved, the colour better or worse. */
export function Delta({ value, baseline, direction }: Props) {
  const found = difference(value, baseline, direction);
  if (!found) return null;
  return (
    <span class={`delta ${found.tone}`}>
      {found.tone !== "even" && <span aria-hidden="true">{found.amount > 0 ? "▲" : "▼"}</span>}
      <span aria-hidden="true">{formatDifference(found)}</span>
      <span class="unseen">{speakDifference(found)}</span>
    </span>
  );
}
