/** POST /graphql: what MLflow's page asks in GraphQL. */
import { invalid, MlflowError } from "../wire/errors";
import { parseBody } from "../wire/json";
import { type App, type AppContext, raw } from "../wire/rpc";
import { CallFailed, Calls } from "./calls";
import type { Query } from "./execute";

export function graphqlRoutes(app: App): void {
  raw(app, "graphql", async (c) => {
    const query = await readQuery(c);
    const { runQuery } = await import("./execute");
    const calls = new Calls(c.req.raw, (request) => app.fetch(request, c.env, c.executionCtx));
    try {
      return c.json(await runQuery(query, calls));
    } catch (error) {
      throw error instanceof CallFailed ? passedOn(error) : error;
    }
  });
}

/**
 * The query of a request. Errors: 400 for anything but a POST of JSON: what another site's page could send without
 * asking must not be answered.
 */
async function readQuery(c: AppContext): Promise<Query> {
  if (c.req.method !== "POST") {
    throw new MlflowError("BAD_REQUEST", "Send a GraphQL query as JSON in the body of a POST.");
  }
  const [type = ""] = (c.req.header("Content-Type") ?? "").split(";", 1);
  if (type.trim().toLowerCase() !== "application/json") {
    throw invalid("Bad Request. Content-Type must be one of ['application/json'].");
  }
  const { query, variables, operationName } = parseBody(await c.req.text());
  if (typeof query !== "string" || query === "") throw invalid("Missing value for required parameter 'query'.");
  if (variables !== undefined && variables !== null && !isObject(variables)) {
    throw invalid("Invalid value for parameter 'variables' supplied: it must be a JSON object.");
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string") {
    throw invalid("Invalid value for parameter 'operationName' supplied: it must be a text.");
  }
  return { query, ...(variables && { variables }), ...(operationName && { operationName }) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A server that can't answer now says so with its status: as an error of a field it would read as "not there". */
function passedOn({ status, message, headers }: CallFailed): MlflowError {
  const after = headers.get("Retry-After");
  return new MlflowError(status === 429 ? "RESOURCE_EXHAUSTED" : "TEMPORARILY_UNAVAILABLE", message, {
    ...(after && { headers: { "Retry-After": after } }),
  });
}
