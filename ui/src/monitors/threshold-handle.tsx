import { useRef } from "preact/hooks";
import { formatNumber } from "../lib/format";
import { type Frame, topOf, valueAt } from "./monitor-chart";
import { niceStep, snap } from "./nice";

interface Props {
  frame: Frame;
  value: number;
  onMove: (value: number) => void;
  /** The hand took it, or let it go. */
  onHold: (held: boolean) => void;
}

/** The handle at the end of a threshold: dragged, or moved by arrows a nice step at a time, ten with shift. */
export function ThresholdHandle({ frame, value, onMove, onHold }: Props) {
  const grip = useRef<{ pointer: number; offset: number } | undefined>(undefined);
  const step = niceStep(frame.y[1] - frame.y[0]);
  const bottom = frame.top + frame.height;
  const at = Math.min(bottom, Math.max(frame.top, topOf(frame, value)));

  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    grip.current = { pointer: event.pointerId, offset: event.clientY - at };
    onHold(true);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (grip.current?.pointer !== event.pointerId) return;
    onMove(snap(valueAt(frame, event.clientY - grip.current.offset), step));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (grip.current?.pointer !== event.pointerId) return;
    grip.current = undefined;
    onHold(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const way = WAYS[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const from = snap(value, step);
    onMove(snap(from + way * step * (event.shiftKey ? 10 : 1), step));
  };
  return (
    <div
      class="limit-handle num"
      role="slider"
      tabIndex={0}
      aria-label="Threshold"
      aria-orientation="vertical"
      aria-valuemin={frame.y[0]}
      aria-valuemax={frame.y[1]}
      aria-valuenow={value}
      aria-valuetext={formatNumber(value)}
      style={{ left: `${frame.left + frame.width}px`, top: `${at}px` }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
      onKeyDown={onKeyDown}
    >
      <svg width="8" height="12" viewBox="0 0 8 12" aria-hidden="true">
        <path
          d="M4 1v10M1.5 3.5 4 1l2.5 2.5M1.5 8.5 4 11l2.5-2.5"
          fill="none"
          stroke="currentColor"
          stroke-width="1.3"
        />
      </svg>
      {formatNumber(value)}
    </div>
  );
}

const WAYS: Record<string, number> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
};
