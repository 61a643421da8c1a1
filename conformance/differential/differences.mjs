/**
 * The differences from MLflow that are meant. A rule is narrow: it looks at what was asked and at both answers, and
 * names its row in docs/api-support.md.
 */
import { isDeepStrictEqual } from "node:util";

/** MLflow's database driver speaks for itself. */
const DRIVER_TEXT = /sqlite3\.IntegrityError|Query-invoked autoflush/;

/** A word that SQL reserves where a text should be. */
const RESERVED_VALUE = /(?:=|!=|LIKE)\s+(?:BETWEEN|LIKE|IN|IS|AND|NULL)\b/i;
/** Square brackets where a text should be, which MLflow's SQL parser takes for quotes. */
const BRACKETS = /(?:=|LIKE)\s+\[/i;
/** Two words, or a dot with a space beside it, where a name should be. */
const SPACED_NAME = /\.two words|\w\. |[\w`"] \./;
/** What Tidemark says in place of the variable. */
const PLACE_HINT = / Set the source to a place in that storage, or in a bucket\.$/;
/** A key written without quotes whose second part is a number, which MLflow's SQL parser takes apart. */
const DOT_DIGIT = /\b(?:metric|param|parameter|tag)s?\.\w+\.\d/;
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
    name: "wrong type beside a missing field",
    row: "A value of the wrong type",
    fits: (call, ours, theirs) => {
      const missing = /^Missing value for required parameter '(\w+)'/.exec(theirs.body.message)?.[1];
      const isMissing = missing !== undefined && !call.body?.[missing];
      return isMissing && theirs.status === 400 && isRefusal(ours, /^Invalid value .* for parameter '.*' supplied/s);
    },
  },
  {
    name: "null for a list of a batch",
    row: "A null for a list of a log-batch",
    fits: (call, ours, theirs) =>
      call.path === "runs/log-batch" &&
      call.intent === "wrong type" &&
      ours.status === 200 &&
      theirs.status === 500 &&
      Object.values(call.body).includes(null),
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
    name: "archiving a stage that is not active",
    row: "Archiving the other versions of a stage that is not Staging or Production",
    fits: (_, ours, theirs) =>
      ours.status === 400 &&
      theirs.status === 500 &&
      ours.body.error_code === "INTERNAL_ERROR" &&
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
      theirs.body.message.replace(VARIABLE_HINT, "") === ours.body.message?.replace(PLACE_HINT, ""),
  },
  {
    name: "camelCase of a required field",
    row: "Required fields in lowerCamelCase",
    fits: (call, _, theirs) =>
      call.intent === "camelCase" && isRefusal(theirs, /^Missing value for required parameter '\w+_\w+'/),
  },
  {
    name: "another model's id in the body",
    row: "A `model_id` in a body that is not the address's",
    fits: (_, ours) => isRefusal(ours, /^The model_id of the request, '.*', is not that of its address/s),
  },
  {
    name: "NaN of a logged model",
    row: "A NaN that a run logged to a model",
    fits: (call, ours, theirs) =>
      call.family === "logged-models" && ours.status === 200 && isDeepStrictEqual(nanAsZero(ours), theirs),
  },
  {
    name: "NaN in get-history-bulk",
    row: "A NaN in get-history-bulk",
    fits: (call, ours, theirs) =>
      call.path.endsWith("get-history-bulk") &&
      typeof theirs.body.text === "string" &&
      isDeepStrictEqual(ours.body, JSON.parse(theirs.body.text.replace(/\bNaN\b/g, '"NaN"'))),
  },
  {
    name: "words of a refused search",
    row: "The words that refuse a search",
    fits: (call, ours, theirs) =>
      call.path.endsWith("/search") &&
      isRefusal(ours, /./) &&
      isRefusal(theirs, /./) &&
      namesItsFault(ours.body.message),
  },
  {
    name: "a search that MLflow fails on",
    row: "Searches that MLflow fails on",
    fits: (call, ours, theirs) =>
      call.path.endsWith("/search") && theirs.status === 500 && (ours.status === 200 || isRefusal(ours, /./)),
  },
  {
    name: "digit after a dot",
    row: "Keys such as `m.1` in filters and orders",
    fits: (call, ours, theirs) =>
      call.path.endsWith("/search") &&
      DOT_DIGIT.test(searchText(call)) &&
      ours.status === 200 &&
      isRefusal(theirs, /./),
  },
  {
    name: "model output again",
    row: "The same model output of a run again",
    fits: (call, ours, theirs) =>
      call.path === "runs/outputs" &&
      theirs.body.error_code === "BAD_REQUEST" &&
      DRIVER_TEXT.test(theirs.body.message) &&
      ours.status !== 500,
  },
  {
    name: "log-batch without a body",
    row: "Malformed JSON, or a body that is a list",
    fits: (call, ours, theirs) =>
      call.path === "runs/log-batch" &&
      call.raw?.replace("null", "").trim() === "" &&
      theirs.status === 500 &&
      isRefusal(ours, /^Missing value for required parameter 'run_id'/),
  },
  {
    name: "reserved word as a value",
    row: "Words without quotes as values in filters of logged models",
    fits: (call, ours, theirs) =>
      call.path === "logged-models/search" &&
      ((RESERVED_VALUE.test(searchText(call)) && ours.status === 200 && isRefusal(theirs, /./)) ||
        (BRACKETS.test(searchText(call)) && isRefusal(ours, /./) && theirs.status === 200) ||
        (isRefusal(ours, /^Invalid value .* for attributes\.\w+: expected a string in single quotes/) &&
          theirs.status === 200)),
  },
  {
    name: "version of a model that is not there",
    row: "A source `models:/m-…` of a model that is not there",
    fits: (call, ours, theirs) =>
      call.path === "model-versions/create" &&
      /^models:\/[^/@]+$/.test(call.body.source) &&
      theirs.body.error_code === "INTERNAL_ERROR" &&
      ours.body.error_code === "RESOURCE_DOES_NOT_EXIST",
  },
  {
    name: "name with spaces, not quoted",
    row: "Names with spaces that are not quoted",
    fits: (call, ours, theirs) =>
      call.path.endsWith("/search") &&
      SPACED_NAME.test(searchText(call)) &&
      isRefusal(ours, /./) &&
      theirs.status === 200,
  },
  {
    name: "AND left out before IN or IS NULL",
    row: "A filter with the AND before an IN or IS NULL left out",
    fits: (call, ours, theirs) =>
      call.path.endsWith("/search") && isRefusal(ours, / needs an AND before it/) && theirs.status === 200,
  },
  {
    name: "status in a filter of logged models",
    row: "The status in filters of logged models",
    fits: (call, ours, theirs) =>
      call.path === "logged-models/search" &&
      /(?:^|AND\s+|attributes\.)[`"]?status\b/i.test(searchText(call)) &&
      ours.status === 200 &&
      theirs.status === 200,
  },
  {
    name: "unknown status of a logged model",
    row: "A status of a logged model that there is not",
    fits: (call, ours, theirs) =>
      call.method === "PATCH" &&
      call.intent === "wrong type" &&
      "status" in call.body &&
      ours.status === 400 &&
      theirs.status === 200,
  },
  {
    name: "OR, NOT, parentheses",
    row: "Filters with OR, NOT and parentheses",
    fits: (call, _, theirs) => call.intent === "OR, NOT or parentheses" && theirs.status === 400,
  },
];

/** A refusal in words of a filter, an order or a parameter, not of anything inside the server. */
const namesItsFault = (message) =>
  /filter|clause|experiment|comparator|order|key|value|identifier|entity|attribute|list|quote/i.test(message);

/** What a search was asked, filter and order. */
function searchText({ body, query }) {
  const { filter, order_by = [] } = body ?? query;
  return [filter, ...order_by.map((each) => each.field_name ?? each)].join(" ");
}

const nanAsZero = (answer) => JSON.parse(JSON.stringify(answer).replaceAll('"value":"NaN"', '"value":0'));

const isRefusal = (answer, message) =>
  answer.status === 400 && answer.body.error_code === "INVALID_PARAMETER_VALUE" && message.test(answer.body.message);

/** The rows that rules point to. */
export const ROWS = new Set(RULES.map(({ row }) => row));

/** The name of the rule that a difference falls under, if any. */
export function recognise(call, { ours, theirs }) {
  return RULES.find(({ fits }) => fits(call, ours, theirs))?.name;
}
