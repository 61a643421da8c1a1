/** What is asked of each server, and of how many runs. Pure. */
const PAGE = 100;
const LONG_PAGE = 1000;

/** Sizes at which all servers stand side by side. */
export const SIZES = [1000, 10_000];
/** Sizes at which Tidemark stands beside itself; at the larger, first pages may take `within` times as long. */
export const GROWTH = { name: "growth", sizes: [10_000, 100_000], within: 2 };

/** Where a case has a bar, it is of this many runs. */
export const BAR_SIZE = 10_000;
const BARS = { mlflow: 20, fasttrackml: 3 };

/**
 * `body` goes to runs/search beside the experiment's id; `page` says which page of it is timed; `full` how many runs that
 * page has; `sizes` where the case makes sense; `without` names the servers that refuse the filter.
 */
export const CASES = [
  { name: "list-100", label: "by start time, first 100", body: { max_results: PAGE } },
  { name: "list-1000", label: "by start time, first 1,000", body: { max_results: LONG_PAGE }, bars: BARS },
  {
    name: "filter",
    label: "metric AND param AND tag, the best 100 by the metric",
    body: {
      filter: "metrics.`val/loss` < 0.5 AND params.optimizer = 'adam' AND tags.team = 'vision'",
      order_by: ["metrics.`val/loss` ASC"],
      max_results: PAGE,
    },
    bars: BARS,
  },
  {
    name: "like",
    label: "LIKE '%…%' on a tag, first 100",
    body: { filter: "tags.branch LIKE '%/resnet-1%'", max_results: PAGE },
  },
  {
    name: "is-null",
    label: "a tag IS NULL, first 100",
    body: { filter: "tags.reviewed IS NULL", max_results: PAGE },
    without: ["fasttrackml"],
  },
  {
    name: "page-10",
    label: "by start time, page 10 of 1,000",
    body: { max_results: LONG_PAGE },
    page: 10,
    sizes: [10_000],
  },
  {
    name: "page-50",
    label: "by start time, page 50 of 1,000",
    body: { max_results: LONG_PAGE },
    page: 50,
    sizes: [100_000],
  },
];

/** The cases that are asked of so many runs. */
export const casesOf = (size, only) =>
  CASES.filter(({ name, sizes }) => (sizes?.includes(size) ?? true) && (only?.includes(name) ?? true));

export const supports = (peer, test) => !(test.without ?? []).includes(peer);
