/** Spreads heavy drawing over frames, one piece each, so that a page of charts stays answerable. */
const queue: (() => void)[] = [];
let planned = false;

/** Runs `work` in a frame of its own; the returned function takes it back. */
export function inOwnFrame(work: () => void): () => void {
  queue.push(work);
  plan();
  return () => {
    const at = queue.indexOf(work);
    if (at >= 0) queue.splice(at, 1);
  };
}

function plan(): void {
  if (planned || queue.length === 0) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    queue.shift()?.();
    plan();
  });
}
