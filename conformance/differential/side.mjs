/** One of the two servers, as one sequence of calls sees it: what its ids stand for, and when each call was made. */
import { Http, jsonCall } from "../http.mjs";

const API = "/api/2.0/mlflow/";
/** Times the server's own clock gave, by the names they have in answers. */
const CLOCK_FIELDS = new Set([
  "creation_time",
  "last_update_time",
  "creation_timestamp",
  "last_updated_timestamp",
  "creation_timestamp_ms",
  "last_updated_timestamp_ms",
]);
/** A set in one of MLflow's messages: its order changes from one start of the server to the next. */
const PYTHON_SET = /\{'[^']*'(?:, '[^']*')*\}/g;
/** Ids of runs and logged models, wherever in a text they are. */
const RANDOM_ID = /(?:m-)?[0-9a-f]{32}/g;
/** Lists that clients read as maps; the document names their order as a difference. */
const UNORDERED = new Set([
  "params",
  "tags",
  "dataset_inputs",
  "model_inputs",
  "model_outputs",
  "aliases",
  "dataset_summaries",
]);

export class Side {
  #ids = new Map();
  #tokens = new Map();
  #calls = [];

  /** @param {Http} http */
  constructor(http) {
    this.http = http;
  }

  /** From now on `token` in a request means `id`, and `id` in an answer reads `token`. */
  learn(token, id) {
    this.#ids.set(token, id);
    this.#tokens.set(id, token);
  }

  knows(id) {
    return this.#tokens.has(id);
  }

  /** Sends a call of a generator; see sequence.mjs for its shape. */
  async send(call) {
    const { method, path, query, body, headers, raw } = this.#resolved(call);
    const search = query ? `?${queryString(query)}` : "";
    const request = jsonCall(
      method,
      (path.startsWith("/") ? path : API + path) + search,
      raw === undefined ? body : undefined,
    );
    if (raw !== undefined) Object.assign(request, { body: raw, headers: { "Content-Type": "application/json" } });
    request.headers = { ...request.headers, ...headers };
    const started = Date.now();
    const answer = await this.http.send(request);
    this.#calls.push([started, Date.now()]);
    return answer;
  }

  /** An answer in words both servers would use: tokens for ids, calls for times, lists that are maps sorted. */
  normalised({ status, type, text, json }) {
    return { status, body: json === undefined ? { type, text: this.#named(text) } : this.#value(json, "", "") };
  }

  #value(value, name, parent) {
    if (typeof value === "string") return this.#named(value);
    if (typeof value === "number" && CLOCK_FIELDS.has(name)) return this.#time(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#value(item, "", name));
      return UNORDERED.has(name) || (name === "metrics" && parent === "data") ? sorted(items) : items;
    }
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).map(([key, each]) => [key, this.#value(each, key, name)]);
    return withoutSpaces(Object.fromEntries(fields));
  }

  /** The call of this sequence during which the server's clock showed a time. */
  #time(value) {
    const index = this.#calls.findLastIndex(([started, ended]) => started <= value && value <= ended);
    if (index >= 0) return `<time of call ${index}>`;
    return value < (this.#calls[0]?.[0] ?? 0) ? "<earlier>" : value;
  }

  #named(text) {
    const known = this.#tokens.get(text);
    if (known) return known;
    return text.replace(RANDOM_ID, (id) => this.#tokens.get(id) ?? id).replace(PYTHON_SET, sortedSet);
  }

  #resolved(value) {
    if (typeof value === "string") return this.#withIds(value);
    if (Array.isArray(value)) return value.map((each) => this.#resolved(each));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#resolved(each)]));
  }

  #withIds(text) {
    return text.replace(/<\w+ \d+>/g, (token) => this.#ids.get(token) ?? token);
  }
}

/** Repeated fields are repeated keys. */
function queryString(query) {
  return Object.entries(query)
    .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((each) => [key, each]))
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join("&");
}

const sortedSet = (set) => `{${set.slice(1, -1).split(", ").sort().join(", ")}}`;

/** MLflow writes the JSON in this tag with spaces; the document names it as a difference. */
function withoutSpaces(object) {
  if (object.key !== "mlflow.log-model.history" || !object.value?.startsWith("[{")) return object;
  return { ...object, value: JSON.stringify(JSON.parse(object.value)) };
}

function sorted(items) {
  return items
    .map((item) => [JSON.stringify(item), item])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}
