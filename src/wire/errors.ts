/**
 * MLflow's error envelope. The Python client turns `{error_code, message}` into a RestException whose text users see,
 * and retries 408, 429 and 5xx for minutes: a caller's mistake must be a 4xx.
 */

interface CodeInfo {
  status: number;
  sqlstate?: string;
  errorClass?: string;
}

/** Every code MLflow knows that this server may answer with, and what goes on the wire beside it. */
const CODES = {
  INVALID_PARAMETER_VALUE: { status: 400, sqlstate: "KAM00", errorClass: "INVALID_PARAMETER_VALUE" },
  BAD_REQUEST: { status: 400, sqlstate: "KAM00", errorClass: "INVALID_PARAMETER_VALUE" },
  RESOURCE_ALREADY_EXISTS: { status: 400, sqlstate: "KAM00", errorClass: "RESOURCE_ALREADY_EXISTS" },
  UNAUTHENTICATED: { status: 401 },
  PERMISSION_DENIED: { status: 403, sqlstate: "KAM00", errorClass: "PERMISSION_DENIED" },
  RESOURCE_DOES_NOT_EXIST: { status: 404, sqlstate: "KAM00", errorClass: "RESOURCE_NOT_FOUND" },
  NOT_FOUND: { status: 404, sqlstate: "KAM00", errorClass: "RESOURCE_NOT_FOUND" },
  ENDPOINT_NOT_FOUND: { status: 404, sqlstate: "KAM00", errorClass: "RESOURCE_NOT_FOUND" },
  RESOURCE_CONFLICT: { status: 409 },
  REQUEST_LIMIT_EXCEEDED: { status: 429 },
  RESOURCE_EXHAUSTED: { status: 429 },
  INTERNAL_ERROR: { status: 500, sqlstate: "XXM00", errorClass: "CLIENT_INTERNAL_ERROR" },
  INVALID_STATE: { status: 500, sqlstate: "XXM00", errorClass: "CLIENT_INTERNAL_ERROR" },
  DATA_LOSS: { status: 500 },
  // MLflow answers 500, which clients retry for minutes; asking for what is switched off is the caller's mistake.
  FEATURE_DISABLED: { status: 400, sqlstate: "KAM00", errorClass: "FEATURE_DISABLED" },
  NOT_IMPLEMENTED: { status: 501 },
  TEMPORARILY_UNAVAILABLE: { status: 503 },
} as const satisfies Record<string, CodeInfo>;

export type ErrorCode = keyof typeof CODES;

/** An error meant for the caller: its message goes out as it is. */
export class MlflowError extends Error {
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;
  readonly status: number;
  /** Where a case has a state and class of its own, not its code's. */
  readonly details: { sqlstate: string; errorClass: string } | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      headers?: Record<string, string>;
      status?: number;
      details?: { sqlstate: string; errorClass: string };
    } = {},
  ) {
    super(message);
    this.details = options.details;
    this.name = "MlflowError";
    this.code = code;
    this.headers = options.headers ?? {};
    this.status = options.status ?? CODES[code].status;
  }
}

export const invalid = (message: string): MlflowError => new MlflowError("INVALID_PARAMETER_VALUE", message);
/** An order that names what can't be ordered by: MLflow has a state of its own for it. */
export const unknownAttribute = (message: string): MlflowError =>
  new MlflowError("INVALID_PARAMETER_VALUE", message, {
    details: { sqlstate: "KAM04", errorClass: "ATTRIBUTE_NOT_FOUND" },
  });
export const notFound = (message: string): MlflowError => new MlflowError("RESOURCE_DOES_NOT_EXIST", message);

/** The envelope as a response. */
export function errorResponse(error: MlflowError): Response {
  const info: CodeInfo = { ...CODES[error.code], ...error.details };
  const body: Record<string, string> = { error_code: error.code, message: error.message };
  if (info.sqlstate) body.sqlstate = info.sqlstate;
  if (info.errorClass) body.error_class = info.errorClass;
  return Response.json(body, { status: error.status, headers: error.headers });
}

/**
 * The error a caller gets for anything thrown: an MlflowError as it is; an overloaded database or object as 503, which
 * clients retry; everything else as a bland 500. The inner cause belongs into the log, never onto the wire.
 */
export function toMlflowError(thrown: unknown): MlflowError {
  if (thrown instanceof MlflowError) return thrown;
  const message = thrown instanceof Error ? `${thrown.message} ${causeMessage(thrown)}` : String(thrown);
  if (isOverload(thrown, message)) {
    return new MlflowError("TEMPORARILY_UNAVAILABLE", "The server is overloaded at the moment. Please try again.", {
      headers: { "Retry-After": "1" },
    });
  }
  return new MlflowError("INTERNAL_ERROR", "Internal server error.");
}

const causeMessage = (error: Error): string => (error.cause instanceof Error ? error.cause.message : "");

/** Durable Object stubs mark such errors; D1 only says it in words (its docs, "Debug D1"). */
function isOverload(thrown: unknown, message: string): boolean {
  const flags = thrown as { overloaded?: unknown; retryable?: unknown };
  return (
    (typeof thrown === "object" && thrown !== null && (flags.overloaded === true || flags.retryable === true)) ||
    /D1 DB is overloaded|Too many requests queued|storage operation exceeded timeout|Network connection lost/.test(
      message,
    )
  );
}
