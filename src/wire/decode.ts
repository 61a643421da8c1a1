/**
 * Decodes a request by the contract's field tables (MLflow's proto JSON conventions): snake_case or lowerCamelCase
 * names, int64 as number or decimal text, doubles as number or text, enums by name or number, null as unset, unknown
 * fields ignored. Stricter than MLflow in one thing: a value of the wrong type is a 400 that names the field, where
 * MLflow would drop it and everything after it.
 */
import { type ContractEndpoint, ENUMS, MESSAGES } from "./contract.generated";
import { invalid } from "./errors";
import { parseBody, pythonJson, pythonType } from "./json";

interface Field {
  name: string;
  type: string;
  /** The message or enum a field is of. */
  of: string;
  repeated: boolean;
  required: boolean;
  cap: number;
}

type Table = { byName: Map<string, Field>; fields: Field[] };
type Json = Record<string, unknown>;

const tables = new Map<Readonly<Record<string, string>>, Table>();

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

function tableOf(specs: Readonly<Record<string, string>>): Table {
  const known = tables.get(specs);
  if (known) return known;
  const fields = Object.entries(specs).map(([name, spec]): Field => {
    const match = /^([^:[!<]+|map<[^>]+>)(?::([^[!<]+))?(\[\])?(!)?(?:<=(\d+))?$/.exec(spec);
    if (!match?.[1]) throw new Error(`Unreadable field spec ${spec}`);
    return {
      name,
      type: match[1].startsWith("map<") ? "map" : match[1],
      of: match[2] ?? "",
      repeated: match[3] !== undefined,
      required: match[4] !== undefined,
      cap: match[5] ? Number(match[5]) : Number.POSITIVE_INFINITY,
    };
  });
  const byName = new Map<string, Field>();
  for (const field of fields) byName.set(field.name, field).set(camelCase(field.name), field);
  const table = { byName, fields };
  tables.set(specs, table);
  return table;
}

const SEE_DOCS = "See the API docs for more information about request parameters.";

export const missingParameter = (path: string) =>
  invalid(`Missing value for required parameter '${path}'. ${SEE_DOCS}`);

/** MLflow's message for a value of a wrong type or above a handler's cap. */
export const badParameter = (path: string, value: unknown) =>
  invalid(
    `Invalid value ${pythonJson(value)} for parameter '${path}' supplied: ` +
      ` Hint: Value was of type '${pythonType(value)}'. ${SEE_DOCS}`,
  );

/**
 * Reads the request of one endpoint: the query of a GET that has one, else the JSON body.
 * Errors: 400 INVALID_PARAMETER_VALUE for a wrong content type, malformed JSON, wrong types and missing fields.
 */
export async function decodeRequest(endpoint: ContractEndpoint, request: Request): Promise<Json> {
  const search = request.method === "GET" ? new URL(request.url).searchParams : undefined;
  if (search && search.size > 0) return checkRequired(endpoint, decodeQuery(endpoint, search));
  if (request.method === "GET" && !request.headers.has("Content-Type")) return checkRequired(endpoint, {});
  // As MLflow: pages of other sites can't send these unasked, so their body counts whatever it is called.
  if (request.method === "DELETE" || request.method === "PATCH") return decodeBody(endpoint, await request.text());
  const type = request.headers.get("Content-Type");
  if (!type) throw invalid("Bad Request. Content-Type header is missing.");
  if (type.split(";", 1)[0]?.trim().toLowerCase() !== "application/json") {
    throw invalid("Bad Request. Content-Type must be one of ['application/json'].");
  }
  return decodeBody(endpoint, await request.text());
}

/** Decodes a body's text; see decodeRequest. */
export function decodeBody(endpoint: ContractEndpoint, text: string): Json {
  return checkRequired(endpoint, decodeMessage(tableOf(endpoint.fields), parseBody(text), ""));
}

function checkRequired(endpoint: ContractEndpoint, request: Json): Json {
  // Clients before 1.0 knew runs by run_uuid; every request that takes both takes either.
  if (!request.run_id && request.run_uuid) request.run_id = request.run_uuid;
  for (const field of tableOf(endpoint.fields).fields) {
    const value = request[field.name];
    if (field.required && (value === undefined || value === "")) throw missingParameter(field.name);
    if (typeof value === "number" && value > field.cap) throw badParameter(field.name, value);
  }
  return request;
}

function decodeQuery(endpoint: ContractEndpoint, search: URLSearchParams): Json {
  const out: Json = {};
  const { fields } = tableOf(endpoint.fields);
  for (const field of fields) {
    const values = search.getAll(field.name);
    if (values.length === 0) continue;
    const decoded = values.map((text) => {
      const value = decodeScalar(field, queryValue(field, text), field.name);
      if (typeof value === "number" && value > field.cap) throw badParameter(field.name, text);
      return value;
    });
    out[field.name] = field.repeated ? decoded : decoded[0];
  }
  return out;
}

function queryValue(field: Field, text: string): unknown {
  if (field.type === "bool" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (field.type === "enum" && /^-?\d+$/.test(text)) return Number(text);
  return text;
}

/** Decodes an object in place: the parsed body is nobody else's, and a copy of a large batch would cost as much again. */
function decodeMessage(table: Table, raw: Json, path: string): Json {
  for (const key of Object.keys(raw)) {
    const field = table.byName.get(key);
    if (!field) continue;
    const value = raw[key];
    if (key !== field.name) {
      if (raw[field.name] !== undefined) {
        throw invalid(`Request specifies both '${field.name}' and '${key}'; provide only one of them.`);
      }
      raw[key] = undefined;
    }
    const at = path === "" ? field.name : `${path}.${field.name}`;
    raw[field.name] = value === null ? undefined : decodeField(field, value, at);
  }
  return raw;
}

function decodeField(field: Field, value: unknown, path: string): unknown {
  if (!field.repeated) return decodeScalar(field, value, path);
  if (!Array.isArray(value)) throw badParameter(path, value);
  const message = field.type === "message" ? MESSAGES[field.of] : undefined;
  const table = message && tableOf(message);
  for (let i = 0; i < value.length; i++) {
    if (!table || !isDecoded(table, value[i])) value[i] = decodeScalar(field, value[i], `${path}[${i}]`);
  }
  return value;
}

/**
 * Whether an object is what decoding would make of it: names as the contract has them, texts, doubles and 64-bit integers.
 * Most of a batch of a thousand is, and then costs neither writes nor names for its errors.
 */
function isDecoded(table: Table, value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const key in value) {
    const field = table.byName.get(key);
    if (field && !(field.name === key && isDecodedScalar(field, (value as Json)[key]))) return false;
  }
  return true;
}

function isDecodedScalar({ type, repeated }: Field, value: unknown): boolean {
  if (repeated) return false;
  if (type === "string") return typeof value === "string";
  if (type === "double") return typeof value === "number";
  return type === "int64" && Number.isSafeInteger(value) && !Object.is(value, -0);
}

const NUMERIC = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|Infinity)$/;

function decodeScalar(field: Field, value: unknown, path: string): unknown {
  switch (field.type) {
    case "string":
    case "bytes":
      if (typeof value === "string") return value;
      break;
    case "double":
    case "float":
      if (typeof value === "number") return value;
      // As MLflow: Python takes a bool for a number.
      if (typeof value === "boolean") return Number(value);
      if (value === "NaN") return Number.NaN;
      if (typeof value === "string" && NUMERIC.test(value)) return Number(value.replace(/inf$/, "Infinity"));
      break;
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "enum":
      return decodeEnum(field, value, path);
    case "map":
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
      break;
    case "message": {
      const message = MESSAGES[field.of];
      // Timestamps, durations and free values have no field table: their texts are checked where they are used.
      if (!message) return value;
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        return decodeMessage(tableOf(message), value as Json, path);
      }
      break;
    }
    default:
      return decodeInteger(field, value, path);
  }
  throw badParameter(path, value);
}

const INT32 = 2 ** 31;

/** Integers stay exact within ±2^53; beyond, JSON numbers lose digits on the way in, so the caller is told. */
function decodeInteger(field: Field, value: unknown, path: string): number {
  const number = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw badParameter(path, value);
  if (field.type.endsWith("32") && (number >= INT32 || number < -INT32)) throw badParameter(path, value);
  return number === 0 ? 0 : number;
}

/** An unknown name stays unset, as in MLflow, so that newer clients keep working; an unknown number is an error. */
function decodeEnum(field: Field, value: unknown, path: string): string | undefined {
  const values = ENUMS[field.of] ?? {};
  if (typeof value === "string") return value in values ? value : undefined;
  const name = Object.keys(values).find((n) => values[n] === value);
  if (name === undefined) throw badParameter(path, value);
  return name;
}
