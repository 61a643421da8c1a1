import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Which page's script stands behind the first word of an address. */
const PAGES: Record<string, string> = {
  "": "pages/home.tsx",
  e: "pages/experiment.tsx",
  r: "pages/run.tsx",
  monitors: "pages/monitors.tsx",
};

/** What is read of an answer before the page is there. */
interface Answer {
  run?: { info: { experiment_id: string; status: string }; data: { metrics?: { key: string }[] } };
  experiment?: { tags?: { key: string; value: string }[] };
}

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
  const series: Record<string, object> = {};
  const begin = (url: string, body?: object, follow?: (answer: Answer) => void) => {
    const text = body && JSON.stringify(body);
    const init = text ? { method: "POST", headers: { "Content-Type": "application/json" }, body: text } : {};
    const answer = fetch(url, init).then(async (response) => {
      // What follows is begun before the page sees the answer, which would ask for it, too.
      if (follow) await response.clone().json().then(follow, String);
      return response;
    });
    // Whoever takes it sees the failure; nobody may.
    answer.catch(() => undefined);
    calls[`${text ? "POST" : "GET"} ${url}${text ? ` ${text}` : ""}`] = answer;
  };
  const own = "/api/2.0/tidemark/";
  const mlflow = "/ajax-api/2.0/mlflow/";

  /** What a run's charts show: its series and the baseline's, as soon as the names of its metrics are known. */
  const followRun = ({ run }: Answer) => {
    if (!run) return;
    const { experiment_id: experiment, status } = run.info;
    const keys = (run.data.metrics ?? []).map(({ key }) => key).filter((key) => !key.startsWith("system/"));
    const isPlain = !path.split("/")[3] && !/(^|&)[xsz]=/.test(query) && keys.length > 0 && keys.length <= 24;
    const beginSeries = (of: string) => {
      const request = { run_id: [of], key: keys, x: "step", buckets: 600 };
      series[of] = request;
      begin(`${own}metrics/series`, request);
    };
    // A live run's are read when its line is open: from then on nothing is missed.
    if (isPlain && !/^(RUNNING|SCHEDULED)$/.test(status)) beginSeries(id);
    begin(`${mlflow}experiments/get?experiment_id=${experiment}`, undefined, ({ experiment: found }) => {
      const base = found?.tags?.find(({ key }) => key === "tidemark.baseline")?.value;
      if (!base || base === id) return;
      begin(`${mlflow}runs/get?run_id=${base}`);
      if (isPlain) beginSeries(base);
    });
  };

  if (place === "") begin(`${own}home?limit=1000`);
  if (place === "monitors" && id !== "new") begin(`${own}monitors`);
  if (place === "r" && id) begin(`${mlflow}runs/get?run_id=${id}`, undefined, followRun);
  if (place === "e" && id) {
    begin(`${mlflow}experiments/get?experiment_id=${id}`);
    begin(`${own}experiments/${id}/keys?limit=5000`);
    const asked = new URLSearchParams(query);
    if (!["q", "sort", "del", "v", "group"].some((name) => asked.has(name))) {
      // As table/column.ts reads them; the first look of a table that nobody chose columns for has none.
      const columns = asked.get("cols")?.split(/(?<!,),(?!,)/);
      const keysOf = (kinds: RegExp) => {
        const texts = (columns ?? []).filter((text) => kinds.test(text)).map((text) => text.replaceAll(",,", ","));
        return [...new Set(texts.map((text) => text.slice(2).replace(/@\d{2,3}$/, "")))];
      };
      const first = { experiment_ids: [id], order_by: ["attributes.start_time DESC"] };
      const chosen = { metrics: keysOf(/^[md]:./), params: keysOf(/^p:./), tags: keysOf(/^t:./) };
      begin(`${own}runs/table`, { ...first, ...(columns ? chosen : { max_results: 100 }) });
    }
  }
  Object.assign(window, { tidemarkEarly: calls, tidemarkEarlySeries: series });
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
