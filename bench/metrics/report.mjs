import { summary } from "../lib/stats.mjs";
import { markdown, short, spread } from "../lib/table.mjs";
import { GROWTH, LIFECYCLE, MEMORY, READS, STORAGE, TAIL, WRITES } from "./cases.mjs";

const OURS = "tidemark";
/** Which bar a peer is held against: both ways of running MLflow share MLflow's. */
const BAR = { mlflow: "mlflow", "mlflow-default": "mlflow", fasttrackml: "fasttrackml" };

/** One row: what was measured of each peer, and how many times as good Tidemark is as each other one. */
function row(label, unit, higherIsBetter, bars, turns, peers) {
  const values = Object.fromEntries(
    peers.filter((peer) => turns[peer]?.length > 0).map((peer) => [peer, summary(turns[peer])]),
  );
  const ours = values[OURS]?.median;
  const ratios = {};
  for (const [peer, { median }] of Object.entries(values)) {
    if (peer !== OURS && ours !== undefined) ratios[peer] = higherIsBetter ? ours / median : median / ours;
  }
  const met = {};
  for (const [peer, ratio] of Object.entries(ratios)) {
    const bar = bars[BAR[peer]];
    if (bar !== undefined) met[peer] = ratio >= bar;
  }
  return { label, unit, bars, values, ratios, met };
}

const pick = (turns, field) =>
  Object.fromEntries(Object.entries(turns).map(([peer, list]) => [peer, list.map(field).filter(Number.isFinite)]));

/** Turns the raw results of a run into the rows of its table. */
export function rows(results, peers) {
  const all = [];
  const add = (test, unit, higher, turns) => {
    if (turns !== undefined) all.push(row(test.label, unit, higher, test.bars, turns, peers));
  };
  for (const test of WRITES) {
    const turns = results.writes?.[test.name];
    add(test, "requests/s", true, turns && pick(turns, (turn) => turn.requestsPerSecond));
  }
  for (const test of READS) {
    const turns = results.reads?.[test.name]?.turns;
    add(test, "ms", false, turns && pick(turns, (turn) => turn.milliseconds));
  }
  const tail = results.writes?.[TAIL.of];
  add(TAIL, "ms", false, tail && pick(tail, (turn) => turn.latencyMs.p99));
  const single = (found, field) =>
    found && Object.fromEntries(Object.entries(found).map(([peer, one]) => [peer, [field(one)]]));
  add(
    STORAGE,
    "bytes",
    false,
    single(results.storage, (one) => one.bytesPerPoint),
  );
  add(
    MEMORY,
    "MB",
    false,
    single(results.memory, (one) => one.peakRss / 1e6),
  );
  add(LIFECYCLE, "runs/s", true, results.lifecycle && pick(results.lifecycle, (turn) => turn.runsPerSecond));
  return all;
}

const verdict = (found, peer) => (peer in found.met ? (found.met[peer] ? " ok" : " MISSED") : "");
const bar = (found, peer) => (found.bars[BAR[peer]] === undefined ? "" : ` of ${found.bars[BAR[peer]]}x`);

/** The main table: medians with their range, and each ratio beside its bar. */
export function mainTable(found, peers, labels) {
  const others = peers.filter((peer) => peer !== OURS);
  const head = ["", "unit", ...peers.map((peer) => labels[peer]), ...others.map((peer) => `against ${labels[peer]}`)];
  const body = found.map((one) => [
    one.label,
    one.unit,
    ...peers.map((peer) => spread(one.values[peer])),
    ...others.map((peer) =>
      peer in one.ratios ? `${short(one.ratios[peer])}x${bar(one, peer)}${verdict(one, peer)}` : "–",
    ),
  ]);
  return markdown(head, body);
}

/** What shows whether the figures are sound: the generator's share, refusals, and whether everything acknowledged is there. */
export function soundnessTable(writes, peers, labels) {
  const body = Object.entries(writes).map(([name, turns]) => {
    const all = peers.flatMap((peer) => turns[peer] ?? []);
    const sum = (field) => all.reduce((total, turn) => total + field(turn), 0);
    return [
      name,
      short(summary((turns.null ?? []).map((turn) => turn.requestsPerSecond)).median),
      short(summary((turns[OURS] ?? all).map((turn) => turn.generatorCpuMs)).median),
      peers.map((peer) => short(summary((turns[peer] ?? []).map((turn) => turn.serverCpuMs)).median)).join(" · "),
      peers
        .map((peer) => (turns[peer] ?? []).reduce((n, turn) => n + turn.refused.total + turn.unanswered, 0))
        .join(" · "),
      sum((turn) => turn.verified?.checked ?? 0).toLocaleString("en-US"),
      `${sum((turn) => turn.verified?.missing ?? 0)} · ${sum((turn) => turn.verified?.extra ?? 0)}`,
    ];
  });
  const head = [
    "write case",
    "null server/s",
    "generator CPU ms/request",
    `server CPU ms/request (${peers.map((peer) => labels[peer]).join(" · ")})`,
    "not 200",
    "points checked",
    "missing · too many",
  ];
  return markdown(head, body);
}

/** Growth: each size's rate and how much slower it is than an empty run's; reads without a bar. */
export function growthTable(growth, labels) {
  const body = [];
  for (const [peer, sizes] of Object.entries(growth)) {
    for (const test of GROWTH.writes) {
      const empty = summary(sizes[0].writes[test.name]).median;
      for (const [points, { writes }] of Object.entries(sizes)) {
        const rate = summary(writes[test.name]);
        const slower = empty / rate.median;
        const judged = peer === OURS && points !== "0" ? (slower <= GROWTH.within ? " ok" : " MISSED") : "";
        body.push([
          labels[peer],
          test.label,
          Number(points).toLocaleString("en-US"),
          spread(rate),
          `${short(slower)}x${judged}`,
        ]);
      }
    }
    for (const [points, { reads }] of Object.entries(sizes)) {
      for (const [name, { milliseconds }] of Object.entries(reads)) {
        body.push([labels[peer], `${name}, ms`, Number(points).toLocaleString("en-US"), short(milliseconds), ""]);
      }
    }
  }
  const head = ["", "case", "points in the run", "requests/s or ms", `empty run is faster by (bar ${GROWTH.within}x)`];
  return markdown(head, body);
}

/** Lines under the tables: whether the servers' answers agree, and details of storage. */
export function notes(results, labels) {
  const lines = [];
  for (const [name, { answers }] of Object.entries(results.reads ?? {})) {
    const said = Object.entries(answers).map(([peer, one]) => `${labels[peer]} ${one.points} points ${one.digest}`);
    lines.push(`${name}: ${said.join("; ")}`);
  }
  for (const [peer, one] of Object.entries(results.storage ?? {})) {
    const d1 = one.d1BytesPerPoint === null ? "" : `, ${short(one.d1BytesPerPoint)} bytes a point in D1's file alone`;
    lines.push(`storage, ${labels[peer]}: ${one.bytes} bytes in all, ${one.emptyBytes} of them when empty${d1}`);
  }
  return lines;
}
