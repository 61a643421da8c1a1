/** Plain modules of the page, bundled for Node: they import each other as the page's own build resolves it. */
import { build } from "esbuild";

/**
 * @param {string} entry relative to the repository's ui/src
 * @returns {Promise<any>}
 */
export async function load(entry) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../../ui/src/${entry}`, import.meta.url).pathname],
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    write: false,
    define: { "location.host": '"test"' },
  });
  const [file] = outputFiles;
  if (!file) throw new Error(`${entry} was not built`);
  return import(`data:text/javascript;base64,${Buffer.from(file.contents).toString("base64")}`);
}
