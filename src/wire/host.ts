/**
 * Keeps pages of other sites from reaching this server under a name of their own that they let point here (DNS
 * rebinding), as MLflow's server does. On Cloudflare only routed names reach a Worker, so nothing is set there.
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./rpc";

/** Asked by those who watch over servers, by whatever name. */
const EXEMPT = new Set(["/health", "/version"]);
/** What a setting calls this machine and private networks. */
const PRIVATE = "private";

/** Refuses requests whose Host header is none of TIDEMARK_ALLOWED_HOSTS; without that setting every name will do. */
export const guardHost: MiddlewareHandler<AppEnv> = async (c, next) => {
  const allowed = c.env.TIDEMARK_ALLOWED_HOSTS;
  if (!allowed || EXEMPT.has(c.req.path)) return next();
  const host = c.req.header("Host") ?? new URL(c.req.url).host;
  if (isAllowedHost(host, allowed)) return next();
  console.warn(`Refused a request for the host ${JSON.stringify(host)}: TIDEMARK_ALLOWED_HOSTS does not name it.`);
  return c.text("Invalid Host header - possible DNS rebinding attack detected", 403);
};

/**
 * Whether a Host header is one of a list, separated by commas: names with or without a port, which without one stand for
 * any port; `*` in them for any text; `private` for this machine and addresses of private networks.
 */
export function isAllowedHost(host: string, list: string): boolean {
  const sent = host.toLowerCase();
  const name = sent.replace(/:\d*$/, "");
  return list
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => (entry === PRIVATE ? isPrivate(name) : [sent, name].some((each) => matches(each, entry))));
}

function matches(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  // What is between is found as early as can be.
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

/**
 * "localhost", or an address of this machine or of a private network (RFC 1918, RFC 4193). Unlike MLflow's patterns this
 * takes no name that only begins like one, such as 10.example.com.
 */
function isPrivate(name: string): boolean {
  if (name === "localhost") return true;
  if (/^\[(?:::1|f[cd][\da-f]{2}:[\da-f:.]*)\]$/.test(name)) return true;
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return false;
  const [a = 0, b = 0] = name.split(".").map(Number);
  return a === 127 || a === 10 || (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || name === "0.0.0.0";
}
