/** Runs by columns, as the server's table call answers them: a hundred thousand runs are a few arrays. */
import type { TablePage } from "../api/page-types";
import type { RunInfo, RunStatus } from "../api/types";
import { isSilent, toNumber } from "../lib/runs";

type Cells<T> = (T | undefined)[];

export class RunColumns {
  /** Runs that match; more than `loaded` until the answer has come whole. */
  total = 0;
  /** Runs there are without the filter. */
  of = 0;
  done = false;
  readonly id: string[] = [];
  readonly name: string[] = [];
  readonly status: RunStatus[] = [];
  readonly user: Cells<string> = [];
  readonly start: Cells<number> = [];
  readonly end: Cells<number> = [];
  /** Of the metrics that were read: the newest point's time, and the largest step. */
  readonly lastPoint: Cells<number> = [];
  readonly lastStep: Cells<number> = [];
  readonly metrics = new Map<string, Cells<number>>();
  readonly steps = new Map<string, Cells<number>>();
  readonly params = new Map<string, Cells<string>>();
  readonly tags = new Map<string, Cells<string>>();
  readonly #rows = new Map<string, number>();

  get loaded(): number {
    return this.id.length;
  }

  rowOf(run: string): number | undefined {
    return this.#rows.get(run);
  }

  /** A point of a run. */
  saw(row: number, timestamp: number, step: number): void {
    this.lastPoint[row] = Math.max(this.lastPoint[row] ?? 0, timestamp);
    this.lastStep[row] = Math.max(this.lastStep[row] ?? 0, step);
  }

  isRunning(row: number): boolean {
    return this.status[row] === "RUNNING";
  }

  /** It runs, and has been silent for much longer than usual. */
  isStale(row: number, now: number): boolean {
    const lastPoint = this.lastPoint[row];
    if (!this.isRunning(row) || !lastPoint) return false;
    return isSilent({ start: this.start[row] ?? lastPoint, lastPoint, lastStep: this.lastStep[row] ?? 0 }, now);
  }

  append(page: TablePage): void {
    const from = this.id.length;
    for (let i = 0; i < page.rows; i++) {
      const id = page.run_id[i] ?? "";
      this.#rows.set(id, from + i);
      this.id.push(id);
      this.name.push(page.run_name[i] || id.slice(0, 8));
      this.status.push(page.status[i] ?? "RUNNING");
      this.user.push(page.user_id[i] ?? undefined);
      this.start.push(page.start_time[i] ?? undefined);
      this.end.push(page.end_time[i] ?? undefined);
    }
    for (const [key, column] of Object.entries(page.metrics ?? {})) {
      const values = columnOf(this.metrics, key);
      const steps = columnOf(this.steps, key);
      column.value.forEach((value, i) => {
        if (value === null) return;
        values[from + i] = toNumber(value);
        steps[from + i] = column.step[i] ?? undefined;
        this.saw(from + i, column.timestamp[i] ?? 0, column.step[i] ?? 0);
      });
    }
    for (const [kind, into] of [
      ["params", this.params],
      ["tags", this.tags],
    ] as const) {
      for (const [key, { values, index }] of Object.entries(page[kind] ?? {})) {
        const column = columnOf(into, key);
        index.forEach((at, i) => {
          if (at >= 0) column[from + i] = values[at];
        });
      }
    }
  }

  /** Takes what the feed says of a run; false when the run is not among these. */
  update(info: RunInfo): boolean {
    const row = this.#rows.get(info.run_id);
    if (row === undefined) return false;
    this.name[row] = info.run_name || info.run_id.slice(0, 8);
    this.status[row] = info.status;
    this.start[row] = info.start_time;
    this.end[row] = info.end_time;
    return true;
  }
}

function columnOf<T>(columns: Map<string, Cells<T>>, key: string): Cells<T> {
  let column = columns.get(key);
  if (!column) {
    column = [];
    columns.set(key, column);
  }
  return column;
}
