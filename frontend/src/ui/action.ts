// The state of one button's or form's request: busy, and what went wrong.

import { type Signal, useSignal } from "@preact/signals";
import { type ApiError, asApiError } from "../protocol/errors";

export interface Action {
  readonly busy: Signal<boolean>;
  readonly error: Signal<ApiError | null>;
  /** Runs the request once at a time; resolves to whether it succeeded. */
  run: (request: () => Promise<unknown>) => Promise<boolean>;
}

export function useAction(): Action {
  const busy = useSignal(false);
  const error = useSignal<ApiError | null>(null);
  const run = async (request: () => Promise<unknown>) => {
    if (busy.value) return false;
    busy.value = true;
    error.value = null;
    try {
      await request();
      return true;
    } catch (cause) {
      error.value = asApiError(cause);
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, run };
}

/** What is wrong with one field. */
export const fieldError = (error: ApiError | null, name: string) => error?.fields[name]?.join(" ");

/** What is wrong beyond the fields that the form shows. */
export function formError(error: ApiError | null, shown: readonly string[]): string | undefined {
  if (error === null) return undefined;
  const names = Object.keys(error.fields);
  return names.length > 0 && names.every((name) => shown.includes(name)) ? undefined : error.message;
}
