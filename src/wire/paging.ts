/** Page tokens: base64 of `{"offset": n}`, as MLflow's stores write them; opaque to clients. */
import { invalid } from "./errors";
import { pythonRepr } from "./json";

export const encodeOffset = (offset: number): string => btoa(JSON.stringify({ offset }));

/** What a token holds. Errors: 400 for text that is no base64 of JSON. */
export function parseToken(token: string): unknown {
  const text = decodeLeniently(token);
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  } catch {
    throw invalid(`Invalid page token, decoded value=b${pythonRepr(text)}`);
  }
}

/** The offset a token stands for; 0 without one. Errors: 400 for anything this server would not have written. */
export function decodeOffset(token: string | undefined): number {
  if (!token) return 0;
  const parsed = parseToken(token);
  const offset = (parsed as { offset?: unknown } | null)?.offset;
  if (typeof offset === "string" && offset !== "") throw invalid(`Invalid page token, not stringable ${offset}`);
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 1) {
    throw invalid(`Invalid page token, parsed value=${pythonRepr(parsed)}`);
  }
  return offset;
}

/** Base64 as Python reads it: foreign characters are passed over, but the padding must be complete. */
function decodeLeniently(token: string): string {
  const [, data = "", padding = ""] = /^([^=]*)(=*)/.exec(token.replace(/[^A-Za-z0-9+/=]/g, "")) ?? [];
  const lacking = (4 - (data.length % 4)) % 4;
  if (lacking > 2 || padding.length < lacking) {
    throw invalid("Invalid page token, could not base64-decode");
  }
  return atob(data);
}

/** Cuts a list that was read with one row more than asked for, and gives the token of the next page if there is one. */
export function page<T>(rows: T[], offset: number, limit: number): { rows: T[]; next_page_token?: string } {
  if (rows.length <= limit) return { rows };
  return { rows: rows.slice(0, limit), next_page_token: encodeOffset(offset + limit) };
}
