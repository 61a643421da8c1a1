/**
 * Keeps pages of other sites from using a visitor's browser against this server, as MLflow's does: they may not write,
 * may not read the answers, and may not open sockets. A page on the visitor's own machine may use a server on it.
 */
import type { MiddlewareHandler } from "hono";

const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const IS_API = /^\/(ajax-)?api\//;
const METHODS = "GET, POST, PUT, DELETE, OPTIONS, PATCH";
const PREFLIGHT_SECONDS = "600";

/** Answers preflights, refuses writes and sockets of foreign pages, and lets local pages read answers. */
export const guardOrigin: MiddlewareHandler = async (c, next) => {
  const origin = c.req.header("Origin");
  const isApi = IS_API.test(c.req.path);
  if (c.req.method === "OPTIONS" && isApi) return preflight(c.req.raw, origin);
  if (origin === undefined) return next();
  const allowed = isAllowed(origin, new URL(c.req.url).host);
  // A socket may be opened from any page, and nothing keeps that page from reading it.
  const isSocket = c.req.header("Upgrade")?.toLowerCase() === "websocket";
  const isGuarded = isSocket || (isApi && WRITES.has(c.req.method));
  if (isGuarded && !allowed) return c.text("Cross-origin request blocked", 403);
  await next();
  if (!allowed) return;
  c.res.headers.set("Access-Control-Allow-Origin", origin);
  c.res.headers.set("Access-Control-Allow-Credentials", "true");
  c.res.headers.set("Access-Control-Expose-Headers", "*");
};

/** The server's own pages, and local pages where the server is local. */
function isAllowed(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin).host;
  return from === host || (LOCAL_HOST.test(from) && LOCAL_HOST.test(host));
}

function preflight(request: Request, origin: string | undefined): Response {
  const wanted = request.headers.get("Access-Control-Request-Method");
  if (origin === undefined || wanted === null) return new Response(null, { status: 204, headers: { Allow: METHODS } });
  const headers = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers") ?? "",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Max-Age": PREFLIGHT_SECONDS,
  };
  if (!isAllowed(origin, new URL(request.url).host)) {
    return new Response("Disallowed CORS origin", { status: 400, headers });
  }
  return new Response("OK", { headers: { ...headers, "Access-Control-Allow-Origin": origin } });
}
