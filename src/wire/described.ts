/**
 * Tidemark's own calls: registered together with the schemas that check their requests, and from which
 * /api/2.0/tidemark/openapi.json is made. docs/page-api.md tells how to add one.
 */
import * as v from "valibot";
import { finished } from "./answer";
import { invalid } from "./errors";
import { parseBody, pythonJson } from "./json";
import type { App, AppContext } from "./rpc";

export const TIDEMARK = "/api/2.0/tidemark";

type Fields = v.ObjectSchema<v.ObjectEntries, undefined>;
const NONE = v.object({});
/** Characters of a refused value that its error repeats. */
const MAX_SHOWN = 100;
type None = typeof NONE;

/** What an answer of a media type other than JSON is, in words. */
export interface OtherAnswer {
  type: string;
  description: string;
}

/**
 * One call. `path` follows `/api/2.0/tidemark`, with `:name` for its parameters; each has an entry in `params`. Query
 * values are read as their schema's type says: numbers, booleans, texts, lists of those (repeated names).
 */
export interface Call<P extends Fields = None, Q extends Fields = None, B extends Fields = None> {
  /** Unique, camelCase: OpenAPI's operationId. */
  name: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: `/${string}`;
  /** The group it is listed in. */
  tag: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** What a 200 carries; several where a request chooses. Schemas describe, they don't check. */
  answers: readonly (v.GenericSchema | OtherAnswer)[];
  /** Statuses it refuses with beside 400, 500 and 503. */
  errors?: readonly number[];
}

/** A call as the OpenAPI document and its test see it. */
export type AnyCall = Omit<Call, "params" | "query" | "body"> & Partial<Record<"params" | "query" | "body", Fields>>;

interface Asked<P extends Fields, Q extends Fields, B extends Fields> {
  params: v.InferOutput<P>;
  query: v.InferOutput<Q>;
  body: v.InferOutput<B>;
}

const described = new WeakMap<App, AnyCall[]>();

/** The calls registered on an app, in order. */
export const callsOf = (app: App): readonly AnyCall[] => described.get(app) ?? [];

/**
 * Registers a call. The handler gets what was asked, checked, and returns the JSON answer or a Response.
 * Errors: 400 INVALID_PARAMETER_VALUE naming the first field that is wrong.
 */
export function serve<P extends Fields = None, Q extends Fields = None, B extends Fields = None>(
  app: App,
  call: Call<P, Q, B>,
  handler: (asked: Asked<P, Q, B>, c: AppContext) => Promise<object> | object,
): void {
  described.set(app, [...callsOf(app), call as AnyCall]);
  app.on(call.method, TIDEMARK + call.path, async (c: AppContext) => {
    const asked = {
      params: call.params ? check(call.params, c.req.param()) : {},
      query: call.query ? check(call.query, readQuery(call.query, new URL(c.req.url).searchParams)) : {},
      body: call.body ? check(call.body, withoutNulls(parseBody(await c.req.text()))) : {},
    };
    return await finished(c.req.raw, await handler(asked as Asked<P, Q, B>, c));
  });
}

function check<S extends Fields>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? "request";
  if (issue.input === undefined) throw invalid(`Missing value for required parameter '${field}'.`);
  const json = pythonJson(issue.input);
  const shown = json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
  const why = issue.message.replace(/^Invalid [a-z ]+: (?:Received .*)?| but received .*$/gs, "");
  throw invalid(`Invalid value ${shown} for parameter '${field}' supplied${why && `: ${why}`}.`);
}

/** A null is as good as nothing, as everywhere in MLflow's API. */
const withoutNulls = (body: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

/** A schema without what makes it optional or narrows it. */
function inner(schema: v.GenericSchema): v.GenericSchema {
  const wrapped = (schema as { wrapped?: v.GenericSchema }).wrapped;
  return wrapped ? inner(wrapped) : schema;
}

/** Texts of a query as the types its schema names; what does not read as one stays a text, and is refused as that. */
function readQuery(schema: Fields, search: URLSearchParams): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(schema.entries)) {
    const texts = search.getAll(name);
    const type = inner(entry as v.GenericSchema);
    if (texts.length === 0) continue;
    if (type.type === "array") {
      const { item } = type as unknown as { item: v.GenericSchema };
      out[name] = texts.map((text) => readText(inner(item).type, text));
    } else out[name] = readText(type.type, texts.at(-1) ?? "");
  }
  return out;
}

function readText(type: string, text: string): unknown {
  if (type === "number" && text.trim() !== "" && !Number.isNaN(Number(text))) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
