/** Writing what only the administrator may: the token is asked for once, and forgotten with the tab. */
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";

const KEY = "tidemark.administrator";
let token = read();

function read(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(next: string | undefined): void {
  token = next;
  try {
    if (next === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, next);
  } catch {
    // Storage is blocked: the token holds until the page is left.
  }
}

type Work = (token: string | undefined) => Promise<unknown>;

export interface Administered {
  /** The server wants a token before it does what was asked for; `refused`: not the one it was given. */
  asks: { refused: boolean } | undefined;
  /**
   * Does some work, then `done`. Where a token is needed both wait for it.
   * @throws {ApiError} all else that the server says against it
   */
  attempt: (work: Work, done: () => void, failed: (error: Error) => void) => Promise<void>;
  /** Takes the token and goes on. */
  give: (token: string) => Promise<void>;
  cancel: () => void;
}

export function useAdministered(): Administered {
  const [waiting, setWaiting] = useState<
    { work: Work; done: () => void; failed: (error: Error) => void; refused: boolean } | undefined
  >(undefined);
  const attempt: Administered["attempt"] = async (work, done, failed) => {
    try {
      await work(token);
      setWaiting(undefined);
      done();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error instanceof ApiError && error.status === 401) {
        setWaiting({ work, done, failed, refused: token !== undefined });
        keep(undefined);
        return;
      }
      setWaiting(undefined);
      failed(error instanceof ApiError && error.status === 403 ? noRight(error) : error);
    }
  };
  return {
    asks: waiting && { refused: waiting.refused },
    attempt,
    give: async (next) => {
      keep(next);
      if (waiting) await attempt(waiting.work, waiting.done, waiting.failed);
    },
    cancel: () => setWaiting(undefined),
  };
}

/** Which right is missing, and who gives it. */
function noRight({ message }: ApiError): Error {
  return new Error(`You may not set policies here: that is the administrator's right, who gives it. ${message}`);
}
