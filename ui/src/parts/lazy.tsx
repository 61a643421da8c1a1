import type { ComponentType } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { ErrorNote } from "./states";

/** A part whose script is fetched when it is first shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, redraw] = useState(0);
    const [error, setError] = useState<Error | undefined>(undefined);
    const [round, setRound] = useState(0);
    // Before the first painting: a script that is there already is run in time for it.
    useLayoutEffect(() => {
      if (loaded) return;
      let gone = false;
      load()
        .then((part) => {
          loaded = part;
          if (!gone) redraw((n) => n + 1);
        })
        .catch((thrown: unknown) => !gone && setError(thrown instanceof Error ? thrown : new Error(String(thrown))));
      return () => {
        gone = true;
      };
    }, [round]);
    if (loaded) {
      const Part = loaded;
      return <Part {...props} />;
    }
    if (!error) return null;
    return (
      <ErrorNote
        what="This part of the page"
        error={error}
        retry={() => {
          setError(undefined);
          setRound(round + 1);
        }}
      />
    );
  };
}
