import { useEffect, useRef } from "preact/hooks";
import { preferences } from "../data/prefs";

/** What a key does; `g e` is g, then e. An action that answers false was not meant, and the next one is asked. */
export type KeyMap = Record<string, (() => unknown) | undefined>;

/** How long after the first of two keys the second one counts. */
const SEQUENCE_MS = 1200;

const layers: { current: KeyMap }[] = [];
let before: { key: string; at: number } | undefined;

/** Keys that act while this part of the page is there; parts shown later come first. */
export function useKeys(map: KeyMap): void {
  const newest = useRef(map);
  newest.current = map;
  useEffect(() => {
    layers.push(newest);
    return () => {
      layers.splice(layers.indexOf(newest), 1);
    };
  }, []);
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    act("mod+k", event);
    return;
  }
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key !== "Escape" && !preferences.get().letters) return;
  const pair = before && event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${event.key}` : undefined;
  before = { key: event.key, at: event.timeStamp };
  if (pair && act(pair, event)) return;
  act(event.key, event);
});

/** Whether any part of the page took the key. */
function act(key: string, event: KeyboardEvent): boolean {
  for (const layer of layers.toReversed()) {
    const action = layer.current[key];
    if (!action || action() === false) continue;
    event.preventDefault();
    return true;
  }
  return false;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}
