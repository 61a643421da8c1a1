/**
 * Spreads drawing over frames, so that a page of charts stays answerable: one chart's update a frame, in turn. Charts that
 * show their first lines share a frame, as many as it has room for.
 */

/** After the first drawing of a quiet time, a chart is drawn this seldom. */
const BUSY_MS = 250;
/** Rows that a frame takes of charts drawn for the first time. */
const FRAME_ROWS = 12_000;

interface Turn {
  work: () => void;
  /** Not before this time, in `performance.now()`. */
  due: number;
  /** Rows to draw, of a chart that has drawn nothing yet; undefined for an update. */
  rows: number | undefined;
}

const queue: Turn[] = [];
let planned = false;

export interface Place {
  /** Draws soon, at most four times a second. */
  ask: () => void;
  /** Draws in the next free frame. */
  now: () => void;
  /** Draws its first `rows` in the next frame, beside other charts that do. */
  first: (rows: number) => void;
  leave: () => void;
}

/** A place in the rotation for what `work` draws. */
export function createTurn(work: () => void): Place {
  let last = Number.NEGATIVE_INFINITY;
  const turn: Turn = {
    due: 0,
    rows: undefined,
    work: () => {
      last = performance.now();
      work();
    },
  };
  const enter = (due: number, rows?: number) => {
    if (!queue.includes(turn)) {
      Object.assign(turn, { due, rows });
      queue.push(turn);
    } else {
      turn.due = Math.min(turn.due, due);
      turn.rows ??= rows;
    }
    plan();
  };
  return {
    ask: () => enter(last + BUSY_MS),
    now: () => enter(0),
    first: (rows) => enter(0, rows),
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
      for (const turn of dueTurns(queue, performance.now())) turn.work();
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

/** Takes out of the list what one frame draws. */
export function dueTurns<T extends Pick<Turn, "due" | "rows">>(waiting: T[], now: number): T[] {
  const at = waiting.findIndex(({ due }) => due <= now);
  const [leader] = at >= 0 ? waiting.splice(at, 1) : [];
  if (!leader) return [];
  const taken = [leader];
  let rows = leader.rows ?? FRAME_ROWS;
  for (let i = at; i < waiting.length && rows < FRAME_ROWS; ) {
    const next = waiting[i];
    if (next?.rows === undefined || rows + next.rows > FRAME_ROWS) {
      i += 1;
      continue;
    }
    rows += next.rows;
    taken.push(...waiting.splice(i, 1));
  }
  return taken;
}
