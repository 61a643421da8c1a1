import { summary } from "../lib/stats.mjs";
import { markdown, short, spread } from "../lib/table.mjs";
import { BAR_SIZE, CASES, GROWTH } from "./cases.mjs";

const OURS = "tidemark";
const label = (name) => CASES.find((test) => test.name === name).label;
const bars = (name) => CASES.find((test) => test.name === name).bars ?? {};

/** How many times Tidemark's time another server's is, and whether that meets the bar of the case. */
function ratio(name, size, turns, peer) {
  if (!turns[peer] || !turns[OURS]) return "–";
  const times = summary(turns[peer]).median / summary(turns[OURS]).median;
  const bar = size === BAR_SIZE ? bars(name)[peer] : undefined;
  if (bar === undefined) return `${short(times)}x`;
  return `${short(times)}x of ${bar}x ${times >= bar ? "ok" : "MISSED"}`;
}

/** Whether all servers gave the same runs with the same data in the same order. */
function agreement(answers) {
  const digests = new Set(Object.values(answers).map(({ digest }) => digest));
  const [{ runs }] = Object.values(answers);
  return `${runs.toLocaleString("en-US")} runs${digests.size === 1 ? "" : ", answers DIFFER"}`;
}

function besideTable(size, cases, peers, labels) {
  const others = peers.filter((peer) => peer !== OURS);
  const head = [
    `${size.toLocaleString("en-US")} runs`,
    ...peers.map((peer) => `${labels[peer]}, ms`),
    ...others.map((peer) => `against ${labels[peer]}`),
    "answer",
  ];
  const rows = Object.entries(cases).map(([name, { turns, answers }]) => [
    label(name),
    ...peers.map((peer) => (turns[peer] ? spread(summary(turns[peer])) : "–")),
    ...others.map((peer) => ratio(name, size, turns, peer)),
    agreement(answers),
  ]);
  return markdown(head, rows);
}

function growthTable(cases) {
  const [least, most] = GROWTH.sizes.map(String);
  const shown = (size) => `${Number(size).toLocaleString("en-US")} runs, ms`;
  const rows = Object.entries(cases).map(([name, { turns, answers }]) => {
    const times = turns[least] ? summary(turns[most]).median / summary(turns[least]).median : Number.NaN;
    const verdict = Number.isNaN(times)
      ? "–"
      : `${short(times)}x of ${GROWTH.within}x ${times < GROWTH.within ? "ok" : "MISSED"}`;
    return [
      label(name),
      turns[least] ? spread(summary(turns[least])) : "–",
      spread(summary(turns[most])),
      verdict,
      `${answers[most].runs.toLocaleString("en-US")} runs`,
    ];
  });
  return markdown(["Tidemark at", shown(least), shown(most), "slower by", "answer"], rows);
}

/** The tables of the parts that were measured. */
export function tables(found, peers, labels) {
  return Object.entries(found)
    .map(([name, { cases }]) =>
      name === GROWTH.name ? growthTable(cases) : besideTable(Number(name), cases, peers, labels),
    )
    .join("\n\n");
}
