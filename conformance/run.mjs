/**
 * Runs the conformance suite: real MLflow clients against this server, and against MLflow's own
 * as a check of the tests themselves.
 *
 *   node conformance/run.mjs [--part clients|replay|differential]… [--client 3.17.2]… [--server ours|mlflow]… [-k EXPR]
 *                            [--calls 2000] [--seed N] [--json FILE] [--results DIR]
 *
 * Prints `N passed, N failed, N skipped` last; exits 1 when anything failed. A 5xx that our
 * server gave to any client at any time counts as a failure, even when a retry hid it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { differential, report } from "./differential/run.mjs";
import { javaClasspath } from "./java/build.mjs";
import { replay, table } from "./replay/replay.mjs";
import { ADMIN_TOKEN, LOCAL_RECEIVERS, startMlflow, startOurs } from "./servers.mjs";
import { ensureVenv } from "./venvs.mjs";

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, "..");
const NEWEST = "3.17.2";
const CLIENTS = [NEWEST, "3.4.0", "2.22.5", "2.9.2"];
const SERVERS = ["ours", "mlflow"];
const PARTS = ["clients", "replay", "differential"];
/** Every run makes the same calls, unless `--seed random` asks for others. */
const SEED = 20_260_101;
/** pytest's exit code when -k or -m left no test. */
const NOTHING_SELECTED = 5;

const { values: options } = parseArgs({
  options: {
    client: { type: "string", multiple: true, default: CLIENTS },
    server: { type: "string", multiple: true, default: SERVERS },
    part: { type: "string", multiple: true, default: PARTS },
    keyword: { type: "string", short: "k" },
    calls: { type: "string", default: "2000" },
    seed: { type: "string", default: String(SEED) },
    json: { type: "string" },
    results: { type: "string", default: join(ROOT, "test-results", "conformance") },
  },
});
for (const [name, known] of Object.entries({ client: CLIENTS, server: SERVERS, part: PARTS })) {
  const unknown = options[name].find((each) => !known.includes(each));
  if (unknown) throw new Error(`--${name} ${unknown}: must be one of ${known.join(", ")}`);
}

/** Which tests a client runs against a server, as pytest's -m expression. */
function selection(server, client) {
  const marks = [...(server === "mlflow" ? ["not ours_only"] : []), ...(client === NEWEST ? [] : ["any_client"])];
  return marks.join(" and ");
}

function countsOf(junitFile) {
  const suite = readFileSync(junitFile, "utf8").match(/<testsuite [^>]*>/)?.[0] ?? "";
  const attribute = (name) => Number(suite.match(new RegExp(` ${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = attribute("failures") + attribute("errors");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}

/** One pytest run, its output kept back until it is complete. Resolves to its counts. */
async function runPytest(server, client, uri) {
  const title = `MLflow ${client} client against ${server === "ours" ? "Tidemark" : "MLflow's own server"}`;
  const junit = join(options.results, `${server}-${client}.xml`);
  const errorLog = join(options.results, `${server}-${client}.5xx.log`);
  for (const stale of [junit, errorLog]) rmSync(stale, { force: true });

  const expression = selection(server, client);
  const args = ["-m", "pytest", HERE, "-q", "--tb=short", "--tracking-uri", uri, "--junitxml", junit];
  if (expression) args.push("-m", expression);
  if (options.keyword) args.push("-k", options.keyword);
  const env = {
    ...process.env,
    TIDEMARK_ADMIN_TOKEN: ADMIN_TOKEN,
    CONFORMANCE_5XX_LOG: errorLog,
    CONFORMANCE_JAVA: java,
    MLFLOW_DISABLE_TELEMETRY: "true",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPATH: [join(HERE, "recording"), process.env.PYTHONPATH].filter(Boolean).join(delimiter),
  };
  const started = Date.now();
  const child = spawn(join(venvs.get(client), "python"), args, { cwd: HERE, env, stdio: ["ignore", "pipe", "pipe"] });
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((done, fail) => child.once("close", done).once("error", fail));
  process.removeListener("exit", killOnExit);
  console.log(`\n== ${title} (${Math.round((Date.now() - started) / 1000)} s)\n${output.trimEnd()}`);

  const counts = existsSync(junit) ? countsOf(junit) : { passed: 0, failed: 0, skipped: 0 };
  if (code !== 0 && code !== NOTHING_SELECTED && counts.failed === 0) counts.failed = 1;
  if (server === "ours" && existsSync(errorLog)) {
    console.log(`Answers of 500 and above:\n${readFileSync(errorLog, "utf8").trimEnd()}`);
    counts.failed += 1;
  }
  return counts;
}

/** All clients against one server, one after the other. Older clients only test ours. */
async function testClients(server, uri) {
  const clients = options.client.filter((client) => server === "ours" || client === NEWEST);
  const results = [];
  for (const client of clients) results.push(await runPytest(server, client, uri));
  return results;
}

/** The recording against one server: a family of it is a test. */
async function testRecording(server, uri) {
  const { families, failures } = await replay(uri, { isOurs: server === "ours" });
  console.log(`\n== The recording against ${server === "ours" ? "Tidemark" : "MLflow's own server"}`);
  return familyCounts(families, failures, [...failures, table(families)].join("\n"));
}

/** Generated calls to both servers: a family of them is a test. */
async function testDifferences(ours, theirs) {
  const started = Date.now();
  const seed = options.seed === "random" ? started % 1_000_000_000 : Number(options.seed);
  const account = await differential({ ours, theirs, calls: Number(options.calls), seed });
  console.log(`\n== The same calls to both (seed ${seed}, ${Math.round((Date.now() - started) / 1000)} s)`);
  return familyCounts(account.families, account.failures, report(account));
}

function familyCounts(families, failures, text) {
  console.log(text);
  const failed = Array.from(families.values()).filter((tally) => tally.failed > 0).length;
  return { passed: families.size - failed, failed: Math.max(failed, failures.length > 0 ? 1 : 0), skipped: 0 };
}

/** Starts servers, does `work` with their URIs by name, and stops them. */
async function withServers(names, env, work) {
  const start = {
    ours: () => startOurs(ROOT, env.ours),
    mlflow: () => startMlflow(venvs.get(NEWEST), env.mlflow),
  };
  const running = new Map();
  try {
    await Promise.all(names.map(async (name) => running.set(name, await start[name]())));
    return await work(Object.fromEntries(Array.from(running, ([name, { uri }]) => [name, uri])));
  } finally {
    await Promise.all(Array.from(running.values(), (server) => server.stop()));
  }
}

/** Everything asked for. Clients may have their webhooks delivered to this machine, which the recording refuses. */
async function testAll() {
  const wants = (part) => options.part.includes(part);
  const results = [];
  if (wants("clients")) {
    const tested = await withServers(options.server, LOCAL_RECEIVERS, (uris) =>
      Promise.all(options.server.map((server) => testClients(server, uris[server]))),
    );
    results.push(...tested.flat());
  }
  if (!wants("replay") && !wants("differential")) return results;
  await withServers(wants("differential") ? SERVERS : options.server, {}, async (uris) => {
    if (wants("replay")) for (const server of options.server) results.push(await testRecording(server, uris[server]));
    if (wants("differential")) results.push(await testDifferences(uris.ours, uris.mlflow));
  });
  return results;
}

mkdirSync(options.results, { recursive: true });
const venvs = new Map();
for (const client of new Set([NEWEST, ...(options.part.includes("clients") ? options.client : [])])) {
  venvs.set(client, ensureVenv(join(ROOT, ".venvs"), client, join(HERE, "requirements", `${client}.txt`)));
}
const java = options.part.includes("clients") ? javaClasspath(join(ROOT, ".venvs", "java")) : "";
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const total = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const counts of await testAll()) for (const key of Object.keys(total)) total[key] += counts[key];
} catch (error) {
  console.error(error);
  total.failed += 1;
}
if (options.json) writeFileSync(options.json, JSON.stringify(total));
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
