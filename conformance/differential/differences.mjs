/**
 * The differences from MLflow that are meant. A rule is narrow: it looks at what was asked and at both answers, and
 * names its row in docs/api-support.md.
 */

/** MLflow's database driver speaks for itself. */
const DRIVER_TEXT = /sqlite3\.IntegrityError|Query-invoked autoflush/;

const VARIABLE_HINT =
  / (?:To configure this limit, please set|Set) the MLFLOW_\w+ environment variable(?: on the server to allow it)?\.$/;

/** @type {{ name: string, row: string, fits: (call: import("./sequence.mjs").Call, ours: any, theirs: any) => boolean }[]} */
const RULES = [
  {
    name: "wrong type",
    row: "A value of the wrong type",
    fits: (call, ours) =>
      call.intent === "wrong type" && isRefusal(ours, /^Invalid value .* for parameter '.*' supplied/s),
  },
  {
    name: "malformed JSON",
    row: "Malformed JSON, or a body that is a list",
    fits: (call, ours) => call.intent === "malformed JSON" && isRefusal(ours, /^Malformed request: /),
  },
  {
    name: "wrong verb",
    row: "Unknown paths and wrong verbs",
    fits: (call, ours, theirs) =>
      call.intent === "wrong verb" && ours.status === theirs.status && ours.body.error_code === "ENDPOINT_NOT_FOUND",
  },
  {
    name: "name taken",
    row: "A name or tag in conflict with the database",
    fits: (_, ours, theirs) =>
      ours.status === 400 &&
      theirs.status === 400 &&
      ours.body.error_code === theirs.body.error_code &&
      DRIVER_TEXT.test(theirs.body.message) &&
      !DRIVER_TEXT.test(ours.body.message),
  },
  {
    name: "rename deleted",
    row: "Renaming a deleted experiment",
    fits: (_, ours, theirs) =>
      ours.status === 400 &&
      theirs.status === 500 &&
      ours.body.error_code === "INVALID_STATE" &&
      ours.body.message === theirs.body.message,
  },
  {
    name: "content type in capitals",
    row: "A content type in capitals",
    fits: (call, ours) => call.headers?.["Content-Type"] === "APPLICATION/JSON" && ours.status !== 500,
  },
  {
    name: "environment variables",
    row: "Names of MLflow's environment variables in messages",
    fits: (_, ours, theirs) =>
      ours.status === theirs.status &&
      ours.body.error_code === theirs.body.error_code &&
      typeof theirs.body.message === "string" &&
      theirs.body.message.replace(VARIABLE_HINT, "") === ours.body.message,
  },
  {
    name: "camelCase of a required field",
    row: "Required fields in lowerCamelCase",
    fits: (call, _, theirs) =>
      call.intent === "camelCase" && isRefusal(theirs, /^Missing value for required parameter '\w+_\w+'/),
  },
  {
    name: "slash in a tag's key",
    row: "A tag's key with a slash in an address",
    fits: (call, ours, theirs) =>
      call.path.includes("%2F") && theirs.status === 404 && theirs.body.type === "text/html" && ours.status < 500,
  },
  {
    name: "another model's id in the body",
    row: "A `model_id` in a body that is not the address's",
    fits: (_, ours) => isRefusal(ours, /^The model_id of the request, '.*', is not that of its address/s),
  },
  {
    name: "OR, NOT, parentheses",
    row: "Filters with OR, NOT and parentheses",
    fits: (call, _, theirs) => call.intent === "OR, NOT or parentheses" && theirs.status === 400,
  },
];

const isRefusal = (answer, message) =>
  answer.status === 400 && answer.body.error_code === "INVALID_PARAMETER_VALUE" && message.test(answer.body.message);

/** The rows that rules point to. */
export const ROWS = new Set(RULES.map(({ row }) => row));

/** The name of the rule that a difference falls under, if any. */
export function recognise(call, { ours, theirs }) {
  return RULES.find(({ fits }) => fits(call, ours, theirs))?.name;
}
