/**
 * Runs GraphQL queries. This module brings the graphql library along and is imported by the first query, so that an
 * isolate that never sees one does not load it.
 */
import {
  buildASTSchema,
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  GraphQLScalarType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isListType,
  isObjectType,
  parse,
  validate,
} from "graphql";
import { invalid } from "../wire/errors";
import { CallFailed, type Calls, type Message } from "./calls";
import { checkLimits } from "./limits";
import { SDL } from "./sdl";

/** Tokens of a query: far more than the selections allowed can have. */
const MAX_TOKENS = 20_000;
/** Checked queries kept, and the characters of one: a page sends the same few all the time. */
const KEPT_QUERIES = 50;
const MAX_KEPT_QUERY = 10_000;

export interface Query {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** What goes on the wire: errors are plain messages, as MLflow's page reads them. */
export interface Answer {
  data: unknown;
  errors: string[] | null;
}

let schema: GraphQLSchema | undefined;
const kept = new Map<string, DocumentNode>();

/**
 * Answers a query. A field that fails is null and leaves its message. Errors: 400 for text that is no GraphQL; CallFailed
 * where the server could not answer for the moment (429, 503), which is for the whole request to say.
 */
export async function runQuery({ query, variables, operationName }: Query, calls: Calls): Promise<Answer> {
  schema ??= makeSchema();
  const document = kept.get(query) ?? parsed(query);
  if (!kept.has(query)) {
    const problems = problemsOf(schema, document);
    if (problems.length > 0) return { data: null, errors: problems.map(({ message }) => message) };
    keep(query, document);
  }
  const result = await execute({
    schema,
    document,
    contextValue: calls,
    variableValues: variables,
    operationName,
    fieldResolver: resolveField,
  });
  for (const { originalError } of result.errors ?? []) {
    if (originalError instanceof CallFailed && isPassing(originalError.status)) throw originalError;
  }
  return { data: result.data ?? null, errors: result.errors?.map(({ message }) => message) ?? null };
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { noLocation: true, maxTokens: MAX_TOKENS });
  } catch (error) {
    throw error instanceof GraphQLError ? invalid(error.message) : error;
  }
}

const isPassing = (status: number): boolean => status === 429 || status === 503;

function problemsOf(known: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  try {
    checkLimits(document);
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
  return validate(known, document);
}

function keep(query: string, document: DocumentNode): void {
  if (query.length > MAX_KEPT_QUERY) return;
  const [oldest] = kept.keys();
  if (kept.size >= KEPT_QUERIES && oldest !== undefined) kept.delete(oldest);
  kept.set(query, document);
}

function makeSchema(): GraphQLSchema {
  const built = buildASTSchema(parse(SDL, { noLocation: true }), { assumeValid: true });
  const long = built.getType("LongString");
  if (long instanceof GraphQLScalarType) long.coerceOutputValue = (value) => String(value);
  return built;
}

type Resolver = (calls: Calls, input: Message, source: Message) => unknown;

const API = "/api/2.0/mlflow";
const searchRuns: Resolver = (calls, input) => calls.post(`${API}/runs/search`, input);

/** The fields that ask for something; all others are read from what was answered. */
const RESOLVERS: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = {
  Query: {
    mlflowGetExperiment: (calls, input) => calls.get(`${API}/experiments/get`, input),
    mlflowGetMetricHistoryBulkInterval: (calls, input) => calls.get(`${API}/metrics/get-history-bulk-interval`, input),
    mlflowGetRun: (calls, input) => calls.get(`${API}/runs/get`, input),
    mlflowListArtifacts: (calls, input) => calls.get(`${API}/artifacts/list`, input),
    mlflowSearchModelVersions: (calls, input) => calls.get(`${API}/model-versions/search`, input),
    mlflowSearchRuns: searchRuns,
  },
  Mutation: {
    mlflowSearchDatasets: (calls, input) => calls.post("/ajax-api/2.0/mlflow/experiments/search-datasets", input),
    mlflowSearchRuns: searchRuns,
  },
  MlflowRunExtension: {
    experiment: (calls, _, { info }) => calls.experiment(String((info as Message).experiment_id)),
    modelVersions: (calls, _, { info }) => calls.modelVersionsOf(String((info as Message).run_id)),
  },
};

const resolveField: GraphQLFieldResolver<Message | undefined, Calls> = (source, args, calls, info) => {
  const { fieldName, parentType, returnType } = info;
  const resolver = RESOLVERS[parentType.name]?.[fieldName];
  if (resolver) return resolver(calls, messageOf(args.input), source ?? {});
  if (fieldName === "test" || fieldName === "testMutation") return { output: args.inputString };
  return read(source?.[snakeCase(fieldName)], returnType, fieldName);
};

/** A value of an answer; one that is unset is its type's default, as in MLflow's messages. A NaN has no JSON. */
function read(value: unknown, type: GraphQLOutputType, fieldName: string): unknown {
  if (value === "NaN") return isFloat(type) ? null : value;
  if (value !== undefined) return value;
  if (fieldName === "apiError") return null;
  const plain = getNullableType(type);
  if (isListType(plain)) return [];
  if (isObjectType(plain)) return {};
  if (isEnumType(plain)) return plain.getValues()[0]?.value;
  return DEFAULTS[plain.name];
}

const isFloat = (type: GraphQLOutputType): boolean => String(type) === "Float";

const DEFAULTS: Readonly<Record<string, unknown>> = { String: "", LongString: "0", Float: 0, Int: 0, Boolean: false };

/** An input as a message: snake_case, nulls away. */
function messageOf(input: unknown): Message {
  const entries = Object.entries((input ?? {}) as Message).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [snakeCase(name), value]));
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
