import { useEffect, useReducer } from "preact/hooks";

/** A value many parts of the page watch. */
export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Calls `listener` after each change, until the returned function is called. */
  watch(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  const listeners = new Set<() => void>();
  let current = initial;
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value, drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const shown = store.get();
  useEffect(() => {
    // The value may have changed between drawing and watching.
    if (!Object.is(shown, store.get())) redraw(undefined);
    return store.watch(() => redraw(undefined));
  }, [store]);
  return shown;
}
