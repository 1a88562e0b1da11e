// A value that lives on the server: not here yet, here, or failed to come.

import { type ApiError, asApiError } from "../protocol/errors";

export type Remote<T> =
  | { readonly status: "loading" }
  | { readonly status: "ready"; readonly value: T }
  | { readonly status: "failed"; readonly error: ApiError };

export const loading: Remote<never> = { status: "loading" };
export const ready = <T>(value: T): Remote<T> => ({ status: "ready", value });
export const failed = (cause: unknown): Remote<never> => ({ status: "failed", error: asApiError(cause) });

/** Changes a value that is here; leaves the other cases alone. */
export const mapReady = <T>(remote: Remote<T>, change: (value: T) => T): Remote<T> =>
  remote.status === "ready" ? ready(change(remote.value)) : remote;

export const readyValue = <T>(remote: Remote<T>): T | undefined =>
  remote.status === "ready" ? remote.value : undefined;
