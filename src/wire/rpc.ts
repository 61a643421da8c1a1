/** Puts handlers on the paths the contract names, with decoding before and encoding after. */
import type { Context, Hono } from "hono";
import type { Database } from "../db/client";
import type { Env } from "../env";
import { finished } from "./answer";
import { type ContractEndpoint, ENDPOINTS, type Requests, type Responses } from "./contract.generated";
import { decodeRequest } from "./decode";
import { MlflowError } from "./errors";

export interface AppEnv {
  Bindings: Env;
  Variables: { db: Database };
}
export type App = Hono<AppEnv>;
export type AppContext = Context<AppEnv>;

const byRpc = Map.groupBy(ENDPOINTS, (e) => e.rpc);
const served = new Set<ContractEndpoint>();

/** The contract's entries of one rpc (several where it answers more than one verb). Throws for a name it lacks. */
export function endpointsOf(name: string): ContractEndpoint[] {
  const found = byRpc.get(name);
  if (!found) throw new Error(`The contract has no rpc ${name}`);
  return found;
}

/**
 * Serves one rpc of the contract on all its paths and verbs: `handler` gets the decoded request and returns the
 * response's fields, or a Response where the contract's answer is not plain JSON.
 */
export function rpc<K extends keyof Requests & keyof Responses>(
  app: App,
  name: K,
  handler: (request: Requests[K], c: AppContext) => Promise<Responses[K] | Response>,
): void {
  for (const endpoint of endpointsOf(name)) {
    route(app, endpoint, async (c) => {
      const request = (await decodeRequest(endpoint, c.req.raw)) as unknown as Requests[K];
      return await finished(c.req.raw, await handler(request, c));
    });
  }
}

/** Serves a contract entry with a handler that reads the request itself (streams, plain text, other conventions). */
export function raw(app: App, name: string, handler: (c: AppContext) => Promise<Response> | Response): void {
  for (const endpoint of endpointsOf(name)) route(app, endpoint, handler);
}

function route(app: App, endpoint: ContractEndpoint, handler: (c: AppContext) => Promise<Response> | Response): void {
  served.add(endpoint);
  for (const path of endpoint.paths) app.on(endpoint.method, path, handler);
}

const isApi = (path: string) => /^\/(ajax-)?api\//.test(path) || path === "/graphql" || path.startsWith("/v1/");

/** Answers for the rest of the contract: 501 where it knows the route, 405 for a wrong verb, 404 for anything else. */
export function answerTheRest(app: App): void {
  for (const endpoint of ENDPOINTS) {
    if (served.has(endpoint)) continue;
    for (const path of endpoint.paths.filter(isApi)) {
      app.on(endpoint.method, path, (c) => {
        throw new MlflowError("NOT_IMPLEMENTED", `${c.req.method} ${c.req.path} is not implemented by this server.`);
      });
    }
  }
  const verbs = new Map<string, Set<string>>();
  for (const { method, paths } of ENDPOINTS) {
    for (const path of paths.filter(isApi)) verbs.set(path, (verbs.get(path) ?? new Set()).add(method));
  }
  for (const [path, methods] of verbs) {
    app.all(path, (c) => {
      const allowed = [...methods].join(", ");
      throw new MlflowError("ENDPOINT_NOT_FOUND", `${c.req.method} is not allowed on ${c.req.path}; use ${allowed}.`, {
        status: 405,
        headers: { Allow: allowed },
      });
    });
  }
}
