import { formatNumber } from "../lib/format";

/** A metric's value in four digits, the whole of it in the title. */
export function Value({ value }: { value: number }) {
  return (
    <span class={Number.isFinite(value) ? "num" : "num odd"} title={String(value)}>
      {formatNumber(value)}
    </span>
  );
}
