// What a request to the server can fail with. Every failure of the network reaches the application as an ApiError.

export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** `status` 0: no answer came (code "offline" or "aborted"). `details` holds what the answer said beyond the rest. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: FieldErrors = {},
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  get offline(): boolean {
    return this.code === "offline";
  }

  get aborted(): boolean {
    return this.code === "aborted";
  }
}

export const offlineError = () =>
  new ApiError(0, "offline", "The server cannot be reached. Check the connection and try again.");

export const abortedError = () => new ApiError(0, "aborted", "The request was cancelled.");

/** Reads an answer of status 400 or more; tolerates bodies that are not ours (a proxy's HTML page). */
export function errorFromAnswer(status: number, body: string): ApiError {
  const answer = parseObject(body);
  const { code, message, fields, ...details } = answer;
  return new ApiError(
    status,
    typeof code === "string" ? code : `http_${status}`,
    typeof message === "string" ? message : `The server answered with status ${status}. Try again later.`,
    readFields(fields),
    details,
  );
}

/** Anything thrown becomes an ApiError, so that screens handle one type. */
export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(0, "unexpected", message);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function readFields(value: unknown): FieldErrors {
  if (typeof value !== "object" || value === null) return {};
  const fields: Record<string, string[]> = {};
  for (const [name, messages] of Object.entries(value)) {
    if (Array.isArray(messages)) fields[name] = messages.map(String);
    else if (typeof messages === "string") fields[name] = [messages];
  }
  return fields;
}
