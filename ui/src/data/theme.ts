import { preferences } from "./prefs";
import { createStore } from "./store";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The scheme in use. Canvases watch it: unlike the rest they do not follow the style sheet by themselves. */
export const theme = createStore<"dark" | "light">(schemeInUse());

function schemeInUse(): "dark" | "light" {
  const { theme: wanted } = preferences.get();
  if (wanted !== "system") return wanted;
  return dark.matches ? "dark" : "light";
}

let resolved = new Map<string, string>();

function refresh(): void {
  resolved = new Map();
  theme.set(schemeInUse());
}

dark.addEventListener("change", refresh);
preferences.watch(refresh);

/** The colour behind a token of the style sheet, for example "--ink", as a canvas takes it. */
export function token(name: string): string {
  const known = resolved.get(name);
  if (known) return known;
  // Custom properties come back as written, light-dark() and all; a property that takes colours resolves them.
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  // Where the reader's own colours are forced, lines must still be told apart.
  if (name.startsWith("--series")) probe.style.setProperty("forced-color-adjust", "none");
  probe.hidden = true;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(name, color);
  return color;
}

const SERIES = 12;

/** The colour of the n-th line, from 0; after twelve they repeat. */
export function seriesColor(index: number): string {
  return token(seriesToken(index));
}

/** The token's name, for style sheets. */
export function seriesToken(index: number): string {
  return `--series-${(index % SERIES) + 1}`;
}

/** Lines past the twelfth are dashed, so that none looks like another. */
export function seriesDash(index: number): number[] | undefined {
  return index % (2 * SERIES) >= SERIES ? [2, 3] : undefined;
}
