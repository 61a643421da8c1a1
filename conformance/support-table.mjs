/** What docs/api-support.md says: which routes are built, and which differences from MLflow are meant. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "..", "docs");
const ROW = /^\| `([A-Z]+) (\S+)` \| (yes|partly|no) \|/gm;

/** A route's path as a pattern; `/api/` stands for `/ajax-api/`, too. */
function pattern(path) {
  const source = path
    .replace(/[.*+?^$()[\]\\]/g, "\\$&")
    .replace(/<path:[^>]+>/g, ".*")
    .replace(/<[^>]+>|\{[^}]+\}/g, "[^/]+")
    .replace(/^\/(ajax-)?api\//, "/(?:ajax-)?api/");
  return new RegExp(`^${source}$`);
}

/**
 * Tells whether a route is built: "yes", "partly", "no", or undefined for a path that is no route of MLflow's.
 * Where several routes fit, the one without parameters is meant.
 */
export function readSupport() {
  const families = readFileSync(join(DOCS, "api-support.md"), "utf8");
  const listed = Array.from(families.matchAll(ROW), ([, method, path, state]) => ({ method, path, state }));
  const contract = JSON.parse(readFileSync(join(DOCS, "..", "contract", "endpoints.json"), "utf8"));
  // Families of which nothing is built have no table of their own in the document.
  const unlisted = contract.endpoints.flatMap(({ method, paths }) =>
    paths.map((path) => ({ method, path, state: "no" })),
  );
  const routes = [...listed, ...unlisted].map((route) => ({ ...route, pattern: pattern(route.path) }));
  return (method, path) => {
    const bare = path.split("?", 1)[0];
    const fits = routes.filter((route) => route.method === method && route.pattern.test(bare));
    return (fits.find((route) => !/[<{]/.test(route.path)) ?? fits[0])?.state;
  };
}

/** The first cells of the document's table of deliberate differences. */
export function readDifferences() {
  const { differences } = JSON.parse(readFileSync(join(DOCS, "api-support.notes.json"), "utf8"));
  return new Set(differences.map(([title]) => title));
}
