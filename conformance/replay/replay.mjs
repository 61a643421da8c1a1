/**
 * Replays the recording against a server and compares status, error code, SQL state and message.
 *
 *   node conformance/replay/replay.mjs URI [--mlflow]
 */
import { parseArgs } from "node:util";
import { Http } from "../http.mjs";
import { readDifferences, readSupport } from "../support-table.mjs";
import { DIFFERENCES } from "./differences.mjs";
import { makeFixtures } from "./fixtures.mjs";
import { callOf, readRecording } from "./recording.mjs";

/** The recorder deleted the logged model between two recorded exchanges. */
const DELETES_LOGGED_MODEL_BEFORE = 669;
const NOT_BUILT = new Set([404, 501]);
const NO_CONTENT = 204;
const SHOWN = 300;

/**
 * @typedef {"equal" | "deliberate" | "notBuilt" | "failed"} Verdict
 * @typedef {{ replayed: number } & Record<Verdict, number>} Tally
 */

/**
 * Replays everything. Where `isOurs` is false, nothing may differ and nothing be missing: the replay itself is tested.
 * @param {string} uri
 * @param {{ isOurs: boolean }} options
 * @returns {Promise<{ families: Map<string, Tally>, failures: string[] }>}
 */
export async function replay(uri, { isOurs }) {
  const http = new Http(uri);
  const judge = isOurs ? ourJudge() : (exchange, answer) => verdict(compare(exchange, answer));
  const families = new Map();
  const failures = isOurs ? undocumented() : [];
  try {
    const fixtures = await makeFixtures(http);
    for (const exchange of readRecording()) {
      if (exchange.number === DELETES_LOGGED_MODEL_BEFORE) {
        await http.send({ method: "DELETE", path: `/api/2.0/mlflow/logged-models/${fixtures.LM}` });
      }
      const answer = await http.send(callOf(exchange, fixtures));
      const { is, why } = judge(exchange, answer);
      const tally = families.get(exchange.family) ?? { replayed: 0, equal: 0, deliberate: 0, notBuilt: 0, failed: 0 };
      families.set(exchange.family, tally);
      tally.replayed += 1;
      tally[is] += 1;
      if (is === "failed") failures.push(describe(exchange, why));
    }
  } finally {
    http.close();
  }
  return { families, failures };
}

/** What our answers are: equal, different on purpose, not there yet, or wrong. */
function ourJudge() {
  const support = readSupport();
  return (exchange, answer) => {
    const wrong = compare(exchange, answer);
    const difference = DIFFERENCES.get(exchange.number);
    if (difference) return judgeDifference(difference, answer, wrong);
    if (wrong.length > 0 && isNotBuilt(exchange, answer, support(exchange.method, exchange.path)))
      return { is: "notBuilt" };
    return verdict(wrong);
  };
}

function judgeDifference({ row, answer: expected }, answer, wrong) {
  if (wrong.length === 0) return { is: "failed", why: [`is equal, though "${row}" says it differs`] };
  const asMeant = compare({ ...expected, sqlstate: answer.json?.sqlstate }, answer, { withType: false });
  return asMeant.length === 0
    ? { is: "deliberate" }
    : { is: "failed", why: [`not what "${row}" promises`, ...asMeant] };
}

/** A route that docs/api-support.md calls built must not answer that it is not. */
function isNotBuilt(exchange, answer, state) {
  if (answer.status === 501) return state === "no" || state === "partly";
  return NOT_BUILT.has(answer.status) && state === "no" && !/^\/(ajax-)?api\//.test(exchange.path);
}

const verdict = (wrong) => (wrong.length === 0 ? { is: "equal" } : { is: "failed", why: wrong });

/** In which things an answer is not the expected one. */
function compare(expected, answer, { withType = true } = {}) {
  const { error_code, sqlstate, message, detail } = answer.json ?? {};
  const text = message ?? (typeof detail === "string" ? detail : JSON.stringify(detail)) ?? "";
  const wrong = [];
  const same = (what, is, should) => is === should || wrong.push(`${what} ${is}, should be ${should}`);
  same("status", answer.status, expected.status);
  same("error_code", error_code, expected.error_code);
  same("sqlstate", sqlstate, expected.sqlstate);
  if (withType && expected.status !== NO_CONTENT)
    same("content type", answer.type, expected.content_type ?? "application/json");
  if (expected.message && !new RegExp(expected.message).test(text)) {
    wrong.push(`message ${text.slice(0, SHOWN)}`, `should match ${expected.message}`);
  }
  return wrong;
}

function describe({ number, family, method, path, body, note }, why) {
  const request = `${method} ${path.slice(0, SHOWN)} ${JSON.stringify(body)?.slice(0, SHOWN) ?? ""}`;
  return [`${number} (${family}) ${request}${note ? ` — ${note}` : ""}`, ...why].join("\n      ");
}

/** Differences whose row the document lacks. */
function undocumented() {
  const documented = readDifferences();
  const rows = new Set(Array.from(DIFFERENCES.values(), ({ row }) => row));
  return [...rows]
    .filter((row) => !documented.has(row))
    .map((row) => `docs/api-support.notes.json lacks the row "${row}"`);
}

/** The families as a table. */
export function table(families) {
  const cells = [["family", "replayed", "equal", "deliberate", "not built", "failed"]];
  const sum = [0, 0, 0, 0, 0];
  for (const [family, { replayed, equal, deliberate, notBuilt, failed }] of families) {
    const row = [replayed, equal, deliberate, notBuilt, failed];
    for (const [index, count] of row.entries()) sum[index] += count;
    cells.push([family, ...row]);
  }
  cells.push(["all", ...sum]);
  return cells
    .map(([name, ...rest]) => `  ${name.padEnd(22)}${rest.map((cell) => String(cell).padStart(12)).join("")}`)
    .join("\n");
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { mlflow: { type: "boolean", default: false } },
  });
  const { families, failures } = await replay(positionals[0], { isOurs: !values.mlflow });
  for (const failure of failures) console.log(`  ${failure}`);
  console.log(table(families));
  process.exitCode = failures.length > 0 ? 1 : 0;
}
