// One HTTP request to /api/v1: JSON in and out, CSRF header, failures as ApiError.

import { abortedError, errorFromAnswer, offlineError } from "./errors";

export const API = "/api/v1";

/** A list is sent as one parameter for each of its values. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface RequestOptions {
  body?: unknown;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** What became of a request, for whoever shows the connection's state. */
export type Outcome = "answered" | "unreachable" | "signed-out";

let report: (outcome: Outcome) => void = () => {};

/** Calls `listener` after every request; there is one listener. */
export function watchRequests(listener: (outcome: Outcome) => void): void {
  report = listener;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Sends a request and returns its JSON; an empty answer (204) gives undefined. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal !== undefined) init.signal = options.signal;
  const answer = await send(API + path + queryString(options.query), init);
  const text = await read(() => answer.text(), options.signal);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Sends a GET and returns the bytes of its answer. */
export async function requestBytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const init: RequestInit = { credentials: "same-origin" };
  if (signal !== undefined) init.signal = signal;
  const answer = await send(API + path, init);
  return read(() => answer.arrayBuffer(), signal);
}

/** Django's cookie; GET /session sets it, signing in changes it. */
export function csrfToken(cookies: string = document.cookie): string {
  const match = /(?:^|;\s*)csrftoken=([^;]*)/.exec(cookies);
  return match?.[1] === undefined ? "" : decodeURIComponent(match[1]);
}

export function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === "object") for (const one of value) parameters.append(name, one);
    else if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Any answer of status 400 or more is thrown. */
async function send(url: string, init: RequestInit): Promise<Response> {
  const signal = init.signal ?? undefined;
  const answer = await read(() => fetch(url, init), signal);
  report(answer.status === 401 ? "signed-out" : "answered");
  if (!answer.ok) throw errorFromAnswer(answer.status, await read(() => answer.text(), signal));
  return answer;
}

async function read<T>(action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await action();
  } catch {
    if (signal?.aborted === true) throw abortedError();
    report("unreachable");
    throw offlineError();
  }
}
