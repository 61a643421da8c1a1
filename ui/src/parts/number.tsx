import { formatNumber } from "../lib/format";

// Whoever copies one number gets all of its digits.
addEventListener("copy", (event) => {
  const selection = getSelection();
  const anchor = selection?.anchorNode;
  const element = anchor instanceof HTMLElement ? anchor : anchor?.parentElement;
  const number = element?.closest<HTMLElement>("[data-full]");
  if (!number?.dataset.full || selection?.toString().trim() !== number.textContent) return;
  event.clipboardData?.setData("text/plain", number.dataset.full);
  event.preventDefault();
});

/** A metric's value in four digits; the whole of it is in the title, and on the clipboard where it is copied. */
export function Value({ value }: { value: number }) {
  return (
    <span class={Number.isFinite(value) ? "num" : "num odd"} title={String(value)} data-full={String(value)}>
      {formatNumber(value)}
    </span>
  );
}
