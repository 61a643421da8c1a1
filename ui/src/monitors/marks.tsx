import { formatNumber } from "../lib/format";
import type { Side } from "./draft";
import { type Frame, leftOf, topOf } from "./monitor-chart";

interface LimitProps {
  frame: Frame;
  value: number;
  /** Which side of the line is a breach; "away" for none in particular. */
  side: Side;
  /** On the line, at its left. */
  text?: string;
}

/** A limit: a red line, and what lies beyond it tinted. */
export function LimitLine({ frame, value, side, text }: LimitProps) {
  const at = topOf(frame, value);
  const bottom = frame.top + frame.height;
  if (at < frame.top - 1 || at > bottom + 1) return null;
  const place = { left: `${frame.left}px`, width: `${frame.width}px` };
  const beyond = side === "above" ? [frame.top, at - frame.top] : side === "below" ? [at, bottom - at] : undefined;
  return (
    <>
      {beyond && <div class="limit-beyond" style={{ ...place, top: `${beyond[0]}px`, height: `${beyond[1]}px` }} />}
      <div class="limit-line" style={{ ...place, top: `${at}px` }} />
      {text && (
        <div
          class={at - frame.top < 20 ? "limit-text limit-text-under" : "limit-text"}
          style={{ left: `${frame.left + 4}px`, top: `${at}px` }}
        >
          {text}
        </div>
      )}
    </>
  );
}

/** What is compared with: a dashed line in ink. */
export function LevelLine({ frame, value, text }: { frame: Frame; value: number; text: string }) {
  const at = topOf(frame, value);
  if (at < frame.top - 1 || at > frame.top + frame.height + 1) return null;
  return (
    <>
      <div class="level-line" style={{ left: `${frame.left}px`, width: `${frame.width}px`, top: `${at}px` }} />
      <div class="level-text" style={{ left: `${frame.left + frame.width - 4}px`, top: `${at}px` }}>
        {text} {formatNumber(value)}
      </div>
    </>
  );
}

export interface Mark {
  /** UTC milliseconds. */
  at: number;
  /** Red while open, grey when it is over. */
  open: boolean;
  /** What a click on it opens. */
  label?: string;
  onClick?: () => void;
}

/** Alerts on the x axis: a triangle, and a dotted line up to the values. */
export function AlertMarks({ frame, marks }: { frame: Frame; marks: readonly Mark[] }) {
  return (
    <>
      {marks.map(({ at, open, label, onClick }, i) => {
        const left = leftOf(frame, at);
        if (left < frame.left - 1 || left > frame.left + frame.width + 1) return null;
        const style = { left: `${left}px`, top: `${frame.top}px`, height: `${frame.height}px` };
        const tone = open ? "alert-mark alert-mark-open" : "alert-mark";
        return (
          <div class={tone} style={style} key={`${at} ${i}`}>
            {onClick ? (
              <button type="button" class="alert-mark-button" aria-label={label} title={label} onClick={onClick}>
                <Triangle />
              </button>
            ) : (
              <Triangle />
            )}
          </div>
        );
      })}
    </>
  );
}

function Triangle() {
  return (
    <svg class="alert-triangle" width="10" height="8" viewBox="0 0 10 8" aria-hidden="true">
      <path d="M5 0 10 8H0Z" />
    </svg>
  );
}
