import { createStore } from "./store";

/** What the reader prefers on this machine; everything else about a view is in its address. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "normal" | "compact";
  /** Single letters act as keys. */
  letters: boolean;
}

const KEY = "tidemark.preferences";
const DEFAULTS: Preferences = { theme: "system", density: "normal", letters: true };

export const preferences = createStore<Preferences>(read());

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    // Blocked storage, or something else's text under our name.
    return DEFAULTS;
  }
}

export function prefer(change: Partial<Preferences>): void {
  const next = { ...preferences.get(), ...change };
  preferences.set(next);
  apply(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // The choice holds for this visit.
  }
}

function apply({ theme, density }: Preferences): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  if (density === "normal") delete dataset.density;
  else dataset.density = density;
}

apply(preferences.get());
