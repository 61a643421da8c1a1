/** Spreads drawing over frames, one chart a frame in turn, so that a page of charts stays answerable. */

/** After the first drawing of a quiet time, a chart is drawn this seldom. */
const BUSY_MS = 250;

interface Turn {
  work: () => void;
  /** Not before this time, in `performance.now()`. */
  due: number;
}

const queue: Turn[] = [];
let planned = false;

/** A place in the rotation: `ask` draws soon, at most four times a second; `now` in the next free frame. */
export function createTurn(work: () => void): { ask: () => void; now: () => void; leave: () => void } {
  let last = Number.NEGATIVE_INFINITY;
  const turn: Turn = {
    due: 0,
    work: () => {
      last = performance.now();
      work();
    },
  };
  const enter = (due: number) => {
    if (!queue.includes(turn)) {
      turn.due = due;
      queue.push(turn);
    } else turn.due = Math.min(turn.due, due);
    plan();
  };
  return {
    ask: () => enter(last + BUSY_MS),
    now: () => enter(0),
    leave: () => {
      const at = queue.indexOf(turn);
      if (at >= 0) queue.splice(at, 1);
    },
  };
}

function plan(): void {
  if (planned || queue.length === 0) return;
  const wait = Math.min(...queue.map(({ due }) => due)) - performance.now();
  planned = true;
  const frame = () =>
    requestAnimationFrame(() => {
      planned = false;
      const now = performance.now();
      const at = queue.findIndex(({ due }) => due <= now);
      if (at >= 0) queue.splice(at, 1)[0]?.work();
      plan();
    });
  // A chart asked for meanwhile must not wait for this one's turn.
  if (wait > 20) {
    setTimeout(
      () => {
        planned = false;
        plan();
      },
      Math.min(wait - 16, 40),
    );
  } else frame();
}
