import type { ComponentChildren } from "preact";
import { ApiError } from "../api/client";

interface ErrorProps {
  /** What failed, as the start of a sentence: "The runs". */
  what: string;
  error: Error;
  retry: () => void;
  /** Older data is in view. */
  stale?: boolean;
}

/** What failed, why, and a way to try again; it stands where the failed part would. */
export function ErrorNote({ what, error, retry, stale = false }: ErrorProps) {
  // The bar already says that the connection is lost, and what is in view is still true.
  if (stale && error instanceof ApiError && error.status === 0) return null;
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <div class="error-note" role="alert">
      <p>
        <strong>
          {what} did not {stale ? "refresh" : "load"}.
        </strong>{" "}
        {error.message}
      </p>
      <p class="error-tools">
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
        {requestId && <span class="quiet">Request {requestId}</span>}
      </p>
    </div>
  );
}

/** Grey rows in place of a table's, shown only when the answer takes more than a blink. */
export function PendingRows({ rows, label }: { rows: number; label: string }) {
  return (
    <div class="pending-rows" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <div class="pending-row" key={i}>
          <span class="pending" style={{ width: `${18 + ((i * 7) % 15)}%` }} />
          <span class="pending" style={{ width: "8%" }} />
        </div>
      ))}
    </div>
  );
}

/** A thin bar at the top of a part whose old data stays while the new is fetched for the reader. */
export function BusyBar({ busy }: { busy: boolean }) {
  return <div class={busy ? "busy-bar busy" : "busy-bar"} aria-hidden="true" />;
}

/** A page with nothing on it but words and what to do next. */
export function Notice({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="notice">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
