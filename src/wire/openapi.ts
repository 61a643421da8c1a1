/** The OpenAPI 3.1 document of Tidemark's own calls. Loaded only when somebody asks for it. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { type AnyCall, type OtherAnswer, TIDEMARK } from "./described";

type Json = Record<string, unknown>;

const REASONS: Record<number, string> = {
  400: "The request is wrong; the message names the field (INVALID_PARAMETER_VALUE).",
  401: "Nobody is signed in (UNAUTHENTICATED).",
  403: "Not allowed (PERMISSION_DENIED).",
  404: "Not there (RESOURCE_DOES_NOT_EXIST).",
  409: "In conflict with what is there (RESOURCE_CONFLICT).",
  429: "Too much at the moment (RESOURCE_EXHAUSTED); see Retry-After.",
  500: "The server's mistake (INTERNAL_ERROR).",
  503: "Overloaded (TEMPORARILY_UNAVAILABLE); try again.",
};
const ALWAYS = [400, 500, 503];

/** The path of a call as OpenAPI writes it. */
export const openApiPath = (call: Pick<AnyCall, "path">): string => TIDEMARK + call.path.replace(/:([a-z_]+)/g, "{$1}");

export function openApi(calls: readonly AnyCall[]): Json {
  const paths: Record<string, Json> = {};
  for (const call of calls) {
    const path = openApiPath(call);
    paths[path] = { ...paths[path], [call.method.toLowerCase()]: operation(call) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tidemark",
      version: "2.0",
      description:
        "What Tidemark's page and other tools call beside MLflow's own REST API, which this server answers, too.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: {
        Error: {
          type: "object",
          required: ["error_code", "message"],
          properties: { error_code: { type: "string" }, message: { type: "string" } },
        },
      },
    },
  };
}

function operation(call: AnyCall): Json {
  return {
    operationId: call.name,
    tags: [call.tag],
    summary: call.summary,
    parameters: [...parameters(call.params, "path"), ...parameters(call.query, "query")],
    ...(call.body && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(call.body) } } },
    }),
    responses: {
      200: { description: "OK", content: Object.fromEntries(call.answers.map(content)) },
      ...Object.fromEntries([...ALWAYS, ...(call.errors ?? [])].sort().map((status) => [status, refusal(status)])),
    },
  };
}

function content(answer: GenericSchema | OtherAnswer): [string, Json] {
  if ("description" in answer) return [answer.type, { schema: { description: answer.description } }];
  return ["application/json", { schema: schemaOf(answer) }];
}

const refusal = (status: number): Json => ({
  description: REASONS[status] ?? "Refused.",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
});

function parameters(fields: AnyCall["query"], where: "path" | "query"): Json[] {
  if (!fields) return [];
  const { properties = {}, required = [] } = schemaOf(fields) as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema,
  }));
}

/** Numbers as texts ("NaN") and pipes that only narrow are described by their input. */
function schemaOf(schema: GenericSchema): Json {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "ignore",
  });
  return json as Json;
}
