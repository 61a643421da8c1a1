/**
 * Exchanges that Tidemark answers otherwise than MLflow on purpose. Each names its row in docs/api-support.md and says
 * what the answer must be instead, so that a difference can't grow unseen.
 */

const INVALID = { status: 400, error_code: "INVALID_PARAMETER_VALUE" };
const wrongType = (field) => ({ ...INVALID, message: `for parameter '${field}' supplied` });
const MALFORMED = { ...INVALID, message: "^Malformed request: " };
const UNKNOWN_PATH = { status: 404, error_code: "ENDPOINT_NOT_FOUND", message: "^No such endpoint: " };
const WRONG_VERB = { status: 405, error_code: "ENDPOINT_NOT_FOUND", message: " is not allowed on " };
const NO_PAGE = { status: 404 };

/** @type {{ row: string, answers: Record<number, { status: number, error_code?: string, message?: string }> }[]} */
const ROWS = [
  {
    row: "Malformed JSON, or a body that is a list",
    answers: { 1: MALFORMED, 7: MALFORMED, 272: MALFORMED, 273: MALFORMED },
  },
  {
    row: "Unknown paths and wrong verbs",
    answers: {
      10: WRONG_VERB,
      11: UNKNOWN_PATH,
      12: UNKNOWN_PATH,
      13: UNKNOWN_PATH,
      14: UNKNOWN_PATH,
      18: WRONG_VERB,
      19: WRONG_VERB,
      20: WRONG_VERB,
      22: WRONG_VERB,
      450: WRONG_VERB,
      478: WRONG_VERB,
      506: WRONG_VERB,
      730: WRONG_VERB,
      745: WRONG_VERB,
      747: UNKNOWN_PATH,
      748: UNKNOWN_PATH,
      836: NO_PAGE,
      837: NO_PAGE,
      838: NO_PAGE,
      840: UNKNOWN_PATH,
      842: NO_PAGE,
    },
  },
  {
    row: "A name or tag in conflict with the database",
    answers: {
      30: {
        status: 400,
        error_code: "RESOURCE_ALREADY_EXISTS",
        message: "^Experiment\\(name=.*\\) already exists\\. ",
      },
      31: {
        status: 400,
        error_code: "RESOURCE_ALREADY_EXISTS",
        message: "^Experiment\\(name=.*\\) already exists\\. ",
      },
    },
  },
  {
    row: "Names of MLflow's environment variables in messages",
    answers: { 41: { ...INVALID, message: "^Invalid artifact path length\\. .* 2048 characters\\.$" } },
  },
  {
    row: "An experiment id beyond 64 bits",
    answers: { 51: { status: 404, error_code: "RESOURCE_DOES_NOT_EXIST", message: "^No Experiment with id=" } },
  },
  {
    row: "Renaming a deleted experiment",
    answers: { 58: { status: 400, error_code: "INVALID_STATE", message: "^Cannot rename a non-active experiment" } },
  },
  {
    row: "A page token that no server gave out",
    answers: {
      106: { ...INVALID, message: "^Invalid page token" },
      357: { ...INVALID, message: "^Invalid page token" },
      659: { ...INVALID, message: "^Invalid page token" },
    },
  },
  {
    row: "A number that an enum does not have",
    answers: { 108: wrongType("view_type") },
  },
  {
    row: '`value: "nan"`, `timestamp: 1.5`, `step: 2^63` of a metric',
    answers: {
      158: wrongType("value"),
      162: wrongType("timestamp"),
      164: wrongType("timestamp"),
      167: wrongType("step"),
      168: wrongType("step"),
    },
  },
  {
    row: "A non-integer `max_results`",
    answers: { 190: wrongType("max_results"), 198: wrongType("max_results") },
  },
  {
    row: "A value of the wrong type",
    answers: {
      252: wrongType("metrics\\[0\\].value"),
      255: wrongType("metrics\\[0\\]"),
      350: wrongType("order_by\\[0\\]"),
      364: wrongType("experiment_ids\\[0\\]"),
      652: wrongType("order_by\\[0\\]"),
    },
  },
  {
    row: "`get-artifact` without `run_id` or `path`",
    answers: { 408: { ...INVALID, message: "^Request must specify " }, 409: { ...INVALID, message: "path" } },
  },
  {
    row: "A filter of logged models by an unknown attribute",
    answers: { 641: INVALID },
  },
  {
    row: "A negative `max_results` of logged models",
    answers: { 657: { ...INVALID, message: "max_results" } },
  },
  {
    row: "A `max_results` of registered models below 1",
    answers: { 494: { ...INVALID, message: "max_results" }, 496: { ...INVALID, message: "max_results" } },
  },
  {
    row: "Archiving the other versions of a stage that is not Staging or Production",
    answers: { 575: { status: 400, error_code: "INTERNAL_ERROR", message: "cannot archive existing model versions" } },
  },
  {
    row: "The header of workspaces",
    answers: {
      819: { status: 400, error_code: "FEATURE_DISABLED", message: "^Workspace APIs are not available" },
      820: { status: 400, error_code: "FEATURE_DISABLED", message: "^Workspace APIs are not available" },
    },
  },
  {
    row: "A webhook whose host has no address",
    answers: { 796: { ...INVALID, message: "^Webhook events cannot be empty$" }, 799: { status: 200 } },
  },
  {
    row: "A webhook's event that there is not",
    answers: { 798: { ...INVALID, message: "^Missing value for required parameter 'events\\[0\\]\\.entity'" } },
  },
  {
    row: "Filters with OR, NOT and parentheses",
    answers: {
      91: { status: 200 },
      302: { status: 200 },
      303: { status: 200 },
      304: { status: 200 },
      491: { status: 200 },
      606: { status: 200 },
      645: { status: 200 },
    },
  },
  {
    row: "The words that refuse a search",
    answers: {
      292: { ...INVALID, message: "^While parsing a list in the query, .* \\(1,2\\)$" },
      306: { ...INVALID, message: "^Search filter contained multiple expression " },
    },
  },
  {
    row: "Searches that MLflow fails on",
    answers: {
      338: { ...INVALID, message: "duplicate" },
      643: { ...INVALID, message: "^Invalid value .* for metrics\\.a: expected a number" },
    },
  },
  {
    row: "A GraphQL request without a query, or with one that does not parse",
    answers: {
      808: INVALID,
      809: INVALID,
      813: { status: 400, error_code: "BAD_REQUEST" },
      814: INVALID,
    },
  },
  {
    row: "Content type of `/version`",
    answers: { 827: { status: 200 }, 830: { status: 200 } },
  },
  {
    row: "Uploads in parts and presigned addresses",
    answers: {
      427: { status: 200 },
      428: { status: 404, error_code: "RESOURCE_DOES_NOT_EXIST", message: "^No such artifact: " },
      455: { status: 200 },
      457: { status: 404, error_code: "RESOURCE_DOES_NOT_EXIST", message: "^No multipart upload with id " },
      458: { status: 200 },
      459: { status: 404, error_code: "RESOURCE_DOES_NOT_EXIST", message: "^No such artifact: " },
      460: { ...INVALID, message: "^num_parts must be between 1 and 10000 " },
      461: { ...INVALID, message: "^num_parts must be between 1 and 10000 " },
    },
  },
];

/** The difference of an exchange, by its number. */
export const DIFFERENCES = new Map(
  ROWS.flatMap(({ row, answers }) =>
    Object.entries(answers).map(([number, answer]) => [Number(number), { row, answer }]),
  ),
);
