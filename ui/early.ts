import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Which page's script stands behind the first word of an address. */
const PAGES: Record<string, string> = { e: "pages/experiment.tsx", r: "pages/run.tsx" };

/**
 * Runs before anything else is there: applies the theme, has the page's script fetched together with the frame's, and
 * begins the calls that the page will ask for first. They are named as `takeEarly` of the API client looks for them.
 */
function early(scripts: Record<string, string[]>): void {
  try {
    const { theme, density } = JSON.parse(localStorage.getItem("tidemark.preferences") ?? "{}");
    if (theme && theme !== "system") document.documentElement.dataset.theme = theme;
    if (density === "compact") document.documentElement.dataset.density = density;
  } catch {
    // Storage is blocked: the system's theme stands.
  }
  const [path = "", query = ""] = location.hash.slice(1).split("?");
  const [, place = "", id = ""] = path.split("/");
  for (const href of scripts[place] ?? []) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
  }
  const calls: Record<string, Promise<Response>> = {};
  const begin = (url: string, body?: string) => {
    const init = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body } : {};
    const answer = fetch(url, init);
    // Whoever takes it sees the failure; nobody may.
    answer.catch(() => undefined);
    calls[`${body ? "POST" : "GET"} ${url}${body ? ` ${body}` : ""}`] = answer;
  };
  if (place === "") begin("/api/2.0/tidemark/home?limit=1000");
  if (place === "r" && id) begin(`/ajax-api/2.0/mlflow/runs/get?run_id=${id}`);
  if (place === "e" && id) {
    begin(`/ajax-api/2.0/mlflow/experiments/get?experiment_id=${id}`);
    begin(`/api/2.0/tidemark/experiments/${id}/keys?limit=5000`);
    if (!/(^|&)(q|sort|del|v)=/.test(query)) {
      const order = ["attributes.start_time DESC"];
      begin(
        "/api/2.0/tidemark/runs/table",
        JSON.stringify({ experiment_ids: [id], order_by: order, max_results: 100 }),
      );
    }
  }
  (window as { tidemarkEarly?: unknown }).tidemarkEarly = calls;
}

/** Puts {@link early} into index.html, and its hash into the headers, which allow no other script of that kind. */
export function earlyScript(): Plugin {
  let code = "";
  let folder = "";
  return {
    name: "tidemark-early",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith("/")) folder = config.build.outDir;
    },
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
        const filesOf = (name: string, seen = new Set<string>()): Set<string> => {
          const chunk = chunks.find(({ fileName }) => fileName === name);
          if (chunk && !seen.has(name)) {
            seen.add(name);
            for (const other of chunk.imports) filesOf(other, seen);
          }
          return seen;
        };
        const scripts = Object.fromEntries(
          Object.entries(PAGES).map(([place, file]) => {
            const page = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(file));
            const files = page ? [...filesOf(page.fileName)] : [];
            return [place, files.filter((name) => !html.includes(name)).map((name) => `/${name}`)];
          }),
        );
        code = `(${early})(${JSON.stringify(scripts)})`;
        return html.replace("<!-- early -->", () => `<script>${code}</script>`);
      },
    },
    closeBundle() {
      if (!code) return;
      const hash = createHash("sha256").update(code).digest("base64");
      const file = join(folder, "_headers");
      writeFileSync(file, readFileSync(file, "utf8").replace("EARLY_SCRIPT", `'sha256-${hash}'`));
    },
  };
}
