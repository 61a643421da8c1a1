/**
 * Prints bytes a point and speed of the block codec, in Node and in workerd.
 * Run: node bench/codec/run.mjs [points=131072] [milliseconds a round=25]
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const [points, milliseconds] = [Number(process.argv[2] ?? 131_072), Number(process.argv[3] ?? 25)];

const bundle = await build({
  entryPoints: [fileURLToPath(new URL("suite.ts", import.meta.url))],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2024",
});
const contents = bundle.outputFiles[0].text;

function print(where, groups) {
  const columns = ["", "points", "B/pt", "base64", "encode Mpt/s", "decode Mpt/s", ""];
  console.log(`\n${where}\n| ${columns.join(" | ")} |\n|${"-|".repeat(columns.length)}`);
  for (const { title, results } of groups) {
    for (const r of results) row(r.name, r.points, r, r.what);
    const mean = (of) => results.reduce((sum, r) => sum + r[of], 0) / results.length;
    const average = { raw: mean("raw"), base64: mean("base64"), encode: mean("encode"), decode: mean("decode") };
    row(`**average, ${title}**`, "", average, "");
  }
}

function row(name, n, { raw, base64, encode, decode }, what) {
  const figures = [raw.toFixed(2), base64.toFixed(2), encode.toFixed(1), decode.toFixed(1)];
  console.log(`| ${[name, n, ...figures, what].join(" | ")} |`);
}

const { runSuite } = await import(`data:text/javascript;base64,${Buffer.from(contents).toString("base64")}`);
print(`Node ${process.version}`, runSuite(points, milliseconds));

const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  telemetry: { enabled: false },
  workers: [
    {
      config: {
        name: "codec",
        compatibilityDate: "2026-10-01",
        manifest: { mainModule: "suite.js", modules: { "suite.js": { type: "esm", contents } } },
      },
    },
  ],
});
try {
  const answer = await miniflare.dispatchFetch(`http://codec/?points=${points}&milliseconds=${milliseconds}`);
  if (!answer.ok) throw new Error(await answer.text());
  print("workerd", await answer.json());
} finally {
  await miniflare.dispose();
}
