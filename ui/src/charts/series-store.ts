/**
 * The series a page draws: fetched together, kept up to date by live points, bounded in size. Charts ask for keys when
 * they come near the screen; one call answers for all of them.
 */
import { fetchSeries, type XKind } from "../api/tidemark";
import { whenBack } from "../data/connection";
import type { LivePoint } from "../data/run-feed";
import { toNumber } from "../lib/runs";
import { addPoint, emptyTrack, type Track, toTrack } from "./track";

const BUCKETS = 600;
/** Keys and runs one call takes. */
const MAX_KEYS = 100;
const MAX_SERIES = 2000;
/** A zoom or another smoothing settles before the server is asked. */
const SETTLE_MS = 120;

export interface SeriesView {
  x: XKind;
  /** 0 for none, below 1. */
  smoothing: number;
  /** The stretch of x in view; undefined for all. */
  range: readonly [number, number] | undefined;
}

/** `isAnswer`: the server has answered; else a live point has come, or the view has changed. */
type Listener = (isAnswer: boolean) => void;

const idOf = (run: string, key: string) => `${run}\n${key}`;

export class SeriesStore {
  #runs: readonly string[] = [];
  #view: SeriesView = { x: "step", smoothing: 0, range: undefined };
  #tracks = new Map<string, Track>();
  /** Finer tracks of the stretch in view. */
  #details = new Map<string, Track>();
  /** Asked for and answered, with rows or without. */
  #known = new Set<string>();
  /** What came live while a series is being read, for each reading under way: it may be newer than the answer. */
  #readings = new Map<string, Map<number, LivePoint[]>>();
  /** Which reading a track is of: an answer that was overtaken is dropped. */
  #drawn = new Map<string, number>();
  #lastReading = 0;
  #wanted = new Map<string, number>();
  #listeners = new Map<string, Set<Listener>>();
  #errors = new Map<string, Error>();
  #flush: ReturnType<typeof setTimeout> | undefined;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #control = new AbortController();
  #zoom = new AbortController();
  #stopRetry = whenBack(() => this.retry());

  setRuns(runs: readonly string[]): void {
    if (runs.join() === this.#runs.join()) return;
    this.#runs = runs;
    this.#plan();
    this.#tellAll();
  }

  setView(view: SeriesView): void {
    const old = this.#view;
    this.#view = view;
    if (view.x !== old.x) this.#forget();
    else if (view.smoothing !== old.smoothing || String(view.range) !== String(old.range)) this.#refine();
    this.#tellAll();
  }

  get view(): SeriesView {
    return this.#view;
  }

  /** Asks for a key's series until the returned function is called. */
  want(key: string): () => void {
    this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    this.#plan();
    if (this.#view.range) this.#refine();
    return () => {
      const left = (this.#wanted.get(key) ?? 1) - 1;
      if (left > 0) this.#wanted.set(key, left);
      else this.#wanted.delete(key);
    };
  }

  watch(key: string, listener: Listener): () => void {
    const set = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, set.add(listener));
    return () => set.delete(listener);
  }

  /** What is known of a key of a run: undefined until the server has answered. */
  track(run: string, key: string): Track | undefined {
    const id = idOf(run, key);
    return (this.#view.range && this.#details.get(id)) ?? this.#tracks.get(id);
  }

  /** The server has answered for every run in view. */
  isLoaded(key: string): boolean {
    // What is being read is known to be asked for, not what it is.
    return this.#runs.every((run) => this.#known.has(idOf(run, key)) && !this.#readings.has(idOf(run, key)));
  }

  error(key: string): Error | undefined {
    return this.#errors.get(key);
  }

  /** New observations of a run. Those of keys nobody has asked for yet come with the asking. */
  addPoints(run: string, keys: Record<string, readonly LivePoint[]>): void {
    for (const [key, points] of Object.entries(keys)) {
      const id = idOf(run, key);
      if (!this.#known.has(id)) continue;
      let track = this.#tracks.get(id);
      if (!track) {
        track = emptyTrack(run, key, this.#view.x === "relative" ? points[0]?.[1] : undefined);
        this.#tracks.set(id, track);
      }
      for (const meanwhile of this.#readings.get(id)?.values() ?? []) meanwhile.push(...points);
      this.#addTo(track, points);
      const detail = this.#details.get(id);
      if (detail) this.#addTo(detail, points, this.#view.range);
      this.#tell(key);
    }
  }

  #addTo(track: Track, points: readonly LivePoint[], within?: readonly [number, number]): void {
    for (const [step, timestamp, value] of points) {
      const x = this.#view.x === "step" ? step : timestamp - (track.origin ?? 0);
      if (within && (x < within[0] || x > within[1])) continue;
      addPoint(track, x, toNumber(value), this.#view.smoothing);
    }
  }

  /** Reads everything of some runs anew; what is on screen stays until then. */
  reload(runs: readonly string[]): void {
    for (const id of [...this.#known]) if (runs.includes(id.slice(0, id.indexOf("\n")))) this.#known.delete(id);
    this.#plan();
  }

  retry(): void {
    this.#errors.clear();
    this.#plan();
  }

  close(): void {
    this.#stopRetry();
    this.#control.abort();
    this.#zoom.abort();
    clearTimeout(this.#flush);
    clearTimeout(this.#settle);
  }

  #forget(): void {
    this.#control.abort();
    this.#control = new AbortController();
    this.#tracks.clear();
    this.#details.clear();
    this.#known.clear();
    this.#errors.clear();
    this.#plan();
  }

  #plan(): void {
    clearTimeout(this.#flush);
    this.#flush = setTimeout(() => this.#load(), 0);
  }

  /** One call for every set of runs that lack the same keys: on a page's first visit, one call for all. */
  #load(): void {
    const missing = new Map<string, string[]>();
    for (const key of this.#wanted.keys()) {
      if (this.#errors.has(key)) continue;
      const runs = this.#runs.filter((run) => !this.#known.has(idOf(run, key)));
      if (runs.length) missing.set(runs.join(), [...(missing.get(runs.join()) ?? []), key]);
    }
    for (const [joined, keys] of missing) {
      const runs = joined.split(",");
      const atOnce = Math.max(1, Math.min(MAX_KEYS, Math.floor(MAX_SERIES / runs.length)));
      for (let i = 0; i < keys.length; i += atOnce) void this.#fetch(runs, keys.slice(i, i + atOnce));
    }
  }

  async #fetch(runs: string[], keys: string[]): Promise<void> {
    const { signal } = this.#control;
    const { x, smoothing } = this.#view;
    const ids = keys.flatMap((key) => runs.map((run) => idOf(run, key)));
    this.#lastReading += 1;
    const reading = this.#lastReading;
    for (const id of ids) {
      this.#known.add(id);
      const readings = this.#readings.get(id) ?? new Map<number, LivePoint[]>();
      this.#readings.set(id, readings.set(reading, []));
    }
    try {
      const answer = await fetchSeries(
        { run_id: runs, key: keys, x, buckets: BUCKETS, smoothing: smoothing || undefined },
        signal,
      );
      for (const series of answer.series) {
        const track = toTrack(series);
        const id = idOf(track.run, track.key);
        this.#known.add(id);
        if (reading < (this.#drawn.get(id) ?? 0)) continue;
        this.#addTo(track, this.#readings.get(id)?.get(reading) ?? []);
        this.#tracks.set(id, track);
        this.#drawn.set(id, reading);
      }
      for (const key of keys) this.#errors.delete(key);
    } catch (thrown) {
      if (signal.aborted) return;
      for (const id of ids) this.#known.delete(id);
      for (const key of keys) this.#errors.set(key, thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      for (const id of ids) {
        const readings = this.#readings.get(id);
        readings?.delete(reading);
        if (!readings?.size) this.#readings.delete(id);
      }
    }
    for (const key of keys) this.#tell(key, true);
    if (this.#view.range || this.#view.smoothing !== smoothing) this.#refine();
  }

  /** Another stretch or smoothing: thinned series are read again for it, whole ones have what it takes. */
  #refine(): void {
    clearTimeout(this.#settle);
    this.#zoom.abort();
    this.#zoom = new AbortController();
    const { signal } = this.#zoom;
    if (!this.#view.range) this.#details.clear();
    this.#settle = setTimeout(() => void this.#fetchFiner(signal), SETTLE_MS);
  }

  async #fetchFiner(signal: AbortSignal): Promise<void> {
    const { x, smoothing, range } = this.#view;
    const target = range ? this.#details : this.#tracks;
    const lacks = (track: Track | undefined) => track && !track.exact && (range || smoothing > 0);
    const keys = [...this.#wanted.keys()].filter((key) =>
      this.#runs.some((run) => lacks(this.#tracks.get(idOf(run, key)))),
    );
    for (let i = 0; i < keys.length; i += MAX_KEYS) {
      const some = keys.slice(i, i + MAX_KEYS);
      const request = { run_id: this.#runs, key: some, x, buckets: BUCKETS, smoothing: smoothing || undefined };
      try {
        const answer = await fetchSeries({ ...request, from: range?.[0], to: range?.[1] }, signal);
        for (const series of answer.series) target.set(idOf(series.run_id, series.key), toTrack(series));
      } catch {
        // The coarse lines stay in view; the next zoom asks again.
        return;
      }
      for (const key of some) this.#tell(key, true);
    }
  }

  #tell(key: string, isAnswer = false): void {
    for (const listener of this.#listeners.get(key) ?? []) listener(isAnswer);
  }

  #tellAll(): void {
    for (const key of this.#listeners.keys()) this.#tell(key);
  }
}
