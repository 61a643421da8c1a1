import { createStore } from "./store";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The scheme in use. Canvases watch it: unlike the rest they do not follow the style sheet by themselves. */
export const theme = createStore<"dark" | "light">(dark.matches ? "dark" : "light");

dark.addEventListener("change", () => theme.set(dark.matches ? "dark" : "light"));

/** A token of the style sheet, for example "--ink". */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
