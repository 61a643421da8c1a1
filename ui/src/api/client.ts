import { connectionLost, connectionMade } from "../data/connection";

const ROOT = "/ajax-api/2.0/mlflow/";

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

type Query = Record<string, string | number | string[] | undefined>;

/**
 * GET of an MLflow call.
 * @throws {ApiError}
 */
export async function get<T>(call: string, query: Query, signal?: AbortSignal): Promise<T> {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  return (await answer(`${ROOT}${call}?${params}`, { signal })).json() as Promise<T>;
}

/**
 * POST of an MLflow call with a JSON body.
 * @throws {ApiError}
 */
export async function post<T>(call: string, body: object, signal?: AbortSignal): Promise<T> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
  return (await answer(ROOT + call, init)).json() as Promise<T>;
}

/**
 * GET of a plain text, from the server's root.
 * @throws {ApiError}
 */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await answer(path, { signal })).text();
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
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
