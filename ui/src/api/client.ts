import { connectionLost, connectionMade } from "../data/connection";

const MLFLOW = "/ajax-api/2.0/mlflow/";
/** Tidemark's own calls. */
export const OWN = "/api/2.0/tidemark/";

/** A call that did not come back with an answer: refused by the server, or not reached at all (status 0). */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId: string | undefined,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

declare global {
  interface Window {
    /** Calls that index.html began before this script was there, by method, address and body. */
    tidemarkEarly?: Record<string, Promise<Response>>;
  }
}

/**
 * GET of an MLflow call.
 * @throws {ApiError}
 */
export async function get<T>(call: string, query: Query, signal?: AbortSignal): Promise<T> {
  return (await answer(withQuery(MLFLOW + call, query), { signal })).json() as Promise<T>;
}

/**
 * A call of MLflow's with a JSON body, POST unless said otherwise.
 * @throws {ApiError}
 */
export async function post<T>(call: string, body: object, signal?: AbortSignal, method = "POST"): Promise<T> {
  return (await answer(MLFLOW + call, jsonInit(method, body, signal))).json() as Promise<T>;
}

/**
 * GET of one of Tidemark's own calls.
 * @throws {ApiError}
 */
export async function getOwn<T>(call: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await answer(withQuery(OWN + call, query), { signal })).json() as Promise<T>;
}

/**
 * One of Tidemark's own calls with a JSON body; the answer is left to be read.
 * @throws {ApiError}
 */
export function sendOwn(
  call: string,
  body: object,
  signal?: AbortSignal,
  method = "POST",
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = jsonInit(method, body, signal);
  return answer(OWN + call, { ...init, headers: { ...init.headers, ...headers } });
}

/**
 * GET of a text, from the server's root.
 * @throws {ApiError}
 */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await answer(path, { signal })).text();
}

/**
 * GET from the server's root; the answer is left to be read.
 * @throws {ApiError}
 */
export function getRaw(path: string, init: RequestInit = {}): Promise<Response> {
  return answer(path, init);
}

/** The lines of an NDJSON answer as they come. */
export async function* ndjson<T>(response: Response): AsyncGenerator<T> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line) yield JSON.parse(line) as T;
    if (done) return;
  }
}

export function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  return params.size ? `${path}?${params}` : path;
}

function jsonInit(method: string, body: object, signal: AbortSignal | undefined): RequestInit {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await (takeEarly(url, init) ?? fetch(url, init));
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connectionLost();
    throw new ApiError(`${location.host} does not answer.`, 0, "NO_CONNECTION", undefined);
  }
  // A gateway in front that cannot reach the server is as good as no connection.
  if ([502, 503, 504].includes(response.status)) connectionLost();
  else connectionMade();
  if (!response.ok) throw await refusal(response);
  return response;
}

/** The answer to a call that was begun before this script ran; each is good once. */
function takeEarly(url: string, init: RequestInit): Promise<Response> | undefined {
  const name = `${init.method ?? "GET"} ${url}${typeof init.body === "string" ? ` ${init.body}` : ""}`;
  const early = window.tidemarkEarly?.[name];
  if (early) delete window.tidemarkEarly?.[name];
  return early;
}

async function refusal(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id") ?? response.headers.get("cf-ray") ?? undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const said = isEnvelope(body) ? body : {};
  const message = said.message || `The server answered ${response.status} ${response.statusText}`.trimEnd();
  return new ApiError(message, response.status, said.error_code ?? `HTTP_${response.status}`, requestId);
}

function isEnvelope(body: unknown): body is { error_code?: string; message?: string } {
  return typeof body === "object" && body !== null;
}
