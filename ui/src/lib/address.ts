import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { BaseLocationHook, BaseSearchHook } from "wouter-preact";

/**
 * Addresses live in the hash, query included (`#/e/7?sort=...`), so that the page works from any static server.
 * A click pushes, typing replaces.
 */
export interface Address {
  path: string;
  query: string;
}

export function readAddress(hash: string): Address {
  const text = hash.replace(/^#/, "");
  const mark = text.indexOf("?");
  const path = mark < 0 ? text : text.slice(0, mark);
  return { path: path.startsWith("/") ? path : `/${path}`, query: mark < 0 ? "" : text.slice(mark + 1) };
}

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const url = `#${to}`;
  if (options.replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  // pushState and replaceState tell nobody.
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function useHash<T>(select: (address: Address) => T): T {
  const [value, setValue] = useState(() => select(readAddress(location.hash)));
  useEffect(() => {
    const read = () => setValue(() => select(readAddress(location.hash)));
    read();
    addEventListener("hashchange", read);
    addEventListener("popstate", read);
    return () => {
      removeEventListener("hashchange", read);
      removeEventListener("popstate", read);
    };
  }, [select]);
  return value;
}

const pathOf = (address: Address) => address.path;
const queryOf = (address: Address) => address.query;

/** For wouter's Router. */
export const useHashPath: BaseLocationHook = () => [useHash(pathOf), navigate];
export const useHashQuery: BaseSearchHook = () => useHash(queryOf);
export const hashHref = (path: string) => `#${path}`;

export type QueryChange = Record<string, string | undefined>;

/** The address's query, and a way to change some of its keys; undefined takes a key out. */
export function useQuery(): [URLSearchParams, (change: QueryChange, options?: { replace?: boolean }) => void] {
  const query = useHash(queryOf);
  const set = useCallback((change: QueryChange, options: { replace?: boolean } = {}) => {
    const address = readAddress(location.hash);
    const to = pathWithQuery(address.path, change, new URLSearchParams(address.query));
    if (`#${to}` !== location.hash) navigate(to, options);
  }, []);
  return [useMemo(() => new URLSearchParams(query), [query]), set];
}

/** One key of the address's query, and a way to change it; undefined takes it out. */
export function useQueryKey(
  name: string,
): [string | undefined, (value: string | undefined, options?: { replace?: boolean }) => void] {
  const [query, setQuery] = useQuery();
  const set = useCallback(
    (value: string | undefined, options?: { replace?: boolean }) => setQuery({ [name]: value }, options),
    [name, setQuery],
  );
  return [query.get(name) ?? undefined, set];
}

export function pathWithQuery(path: string, change: QueryChange, params = new URLSearchParams()): string {
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === "") params.delete(name);
    else params.set(name, value);
  }
  // Commas, slashes, colons and at signs mean nothing in a fragment, and stay readable.
  const text = params.toString().replace(/%(2C|2F|3A|40)/g, decodeURIComponent);
  return text ? `${path}?${text}` : path;
}

export const experimentPath = (id: string) => `/e/${encodeURIComponent(id)}`;
export const runPath = (id: string, tab?: string) => `/r/${encodeURIComponent(id)}${tab ? `/${tab}` : ""}`;
export const comparePath = (runs: readonly string[], base?: string) =>
  pathWithQuery("/compare", { runs: runs.join(","), base });
export const modelPath = (name: string, version?: string) =>
  `/models/${encodeURIComponent(name)}${version ? `/${encodeURIComponent(version)}` : ""}`;
export const monitorPath = (id: string, part?: "edit") =>
  `/monitors/${encodeURIComponent(id)}${part ? `/${part}` : ""}`;
/** @param scope `run:<id>`, `experiment:<id>` or `model:<name>@<alias>` */
export const newMonitorPath = (from: { scope?: string; metric?: string; value?: string } = {}) =>
  pathWithQuery("/monitors/new", from);
