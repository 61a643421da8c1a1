import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

interface Options {
  count: number;
  scroller: () => HTMLElement | null;
  /** Pixels of one item. */
  size: (index: number) => number;
  /** Changes whenever the sizes do. */
  sizesKey: string;
  overscan: number;
  horizontal?: boolean;
}

/** The part of a long list that is in view, and the room to leave before and after it. */
export interface Visible {
  first: number;
  /** One past the last; equal to `first` when nothing is to draw. */
  end: number;
  before: number;
  after: number;
}

/** Draws again when scrolling brings other items into view. */
export function useVirtual(options: Options): Visible {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const settings = {
    count: options.count,
    getScrollElement: options.scroller,
    estimateSize: options.size,
    overscan: options.overscan,
    horizontal: options.horizontal ?? false,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLElement, Element>(settings));
  virtual.setOptions(settings);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  // Sizes are asked for once and kept; other columns or another row height make them stale.
  useLayoutEffect(() => virtual.measure(), [virtual, options.sizesKey]);

  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  if (!first || !last) return { first: 0, end: 0, before: 0, after: virtual.getTotalSize() };
  return { first: first.index, end: last.index + 1, before: first.start, after: virtual.getTotalSize() - last.end };
}
