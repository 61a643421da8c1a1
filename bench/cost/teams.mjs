import { monthly, PRICES } from "./pricing.mjs";

const GB = 1e9;
const HOURS_A_MONTH = 21 * 8;
const SECONDS_A_MONTH = 30 * 24 * 3600;
const MONTHS_KEPT = 12;

/**
 * Teams by what they do in a month. `training` and `services` are metrics, sent 100 a request; `sweepRuns` are short runs;
 * `viewers` people each keep the page of a live run open during working hours; `artifactsGb` is what a month adds.
 */
const TEAMS = [
  { name: "small", training: 12e6, sweepRuns: 500, services: 0, viewers: 2, artifactsGb: 10 },
  { name: "medium", training: 150e6, sweepRuns: 20e3, services: 20 * SECONDS_A_MONTH, viewers: 10, artifactsGb: 200 },
  { name: "huge", training: 2e9, sweepRuns: 500e3, services: 200 * SECONDS_A_MONTH, viewers: 100, artifactsGb: 5000 },
];

/** What each team's month comes to, in dollars; storage is after a year of keeping everything. */
export function teamBills(results) {
  const { unwatched, polled, sweep } = results;
  const watching = 1000 / 3600;
  return TEAMS.map((team) => {
    const sweepMetrics = team.sweepRuns * 150;
    const parts = [
      [results["training-100"], team.training],
      [results["inference-100"], team.services],
      [sweep, sweepMetrics],
    ];
    const hours = team.viewers * HOURS_A_MONTH;
    const quantities = Object.fromEntries(
      Object.keys(PRICES.meters).map((meter) => {
        const work = parts.reduce((total, [{ perMillion }, metrics]) => total + (perMillion[meter] * metrics) / 1e6, 0);
        const anHour = ((polled.perMillion[meter] - unwatched.perMillion[meter]) * polled.metrics) / 1e6 / watching;
        return [meter, work + Math.max(0, anHour) * hours];
      }),
    );
    const d1Gb = (parts.reduce((total, [r, metrics]) => total + r.bytesPerMetric * metrics, 0) * MONTHS_KEPT) / GB;
    const { d1, r2 } = PRICES.storage;
    return {
      ...team,
      metrics: parts.reduce((total, [, metrics]) => total + metrics, 0),
      usage: monthly(quantities),
      d1Gb,
      d1Storage: Math.max(0, d1Gb - d1.includedGb) * d1.perGbMonth,
      r2Storage: Math.max(0, team.artifactsGb * MONTHS_KEPT - r2.includedGb) * r2.perGbMonth,
    };
  });
}
