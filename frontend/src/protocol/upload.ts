// Sends files: those to import in parts that survive a broken connection (tus), checkpoints in one go.

import type { Upload as TusUpload } from "tus-js-client";
import { type ApiError, abortedError, asApiError, errorFromAnswer, offlineError } from "./errors";
import type { ModelVersion } from "./models";
import { API, csrfToken } from "./request";

const PART_BYTES = 8 * 1024 ** 2;
const LONGEST_WAIT_MS = 15_000;

/** What is told of a file on its way. */
export interface Sending {
  /** The server's id of what has come already, to go on from there. */
  readonly transfer: string | null;
  readonly onTransfer: (id: string) => void;
  readonly onProgress: (sent: number) => void;
  /** Why nothing moves; null as soon as it moves again. */
  readonly onWait: (reason: string | null) => void;
}

/** Sends a file, however often the connection breaks, and resolves with the upload's id. */
export async function sendFile(
  project: string,
  file: File,
  sending: Sending,
  signal: AbortSignal,
): Promise<string> {
  const { Upload } = await import("tus-js-client");
  let transfer = sending.transfer;
  let wait = 1000;
  const told: Sending = {
    ...sending,
    onTransfer: (id) => {
      transfer = id;
      sending.onTransfer(id);
    },
    onProgress: (sent) => {
      wait = 1000;
      sending.onWait(null);
      sending.onProgress(sent);
    },
  };
  for (;;) {
    try {
      return await attempt(Upload, project, file, { ...told, transfer }, signal);
    } catch (cause) {
      const error = asApiError(cause);
      if (!passes(error)) throw error;
      if (error.offline) await requireReadable(file);
      sending.onWait(error.offline ? "No connection" : error.message);
      await later(wait, signal);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  }
}

function attempt(
  Upload: typeof TusUpload,
  project: string,
  file: File,
  sending: Sending,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError());
      return;
    }
    const stop = () => {
      void upload.abort();
      reject(abortedError());
    };
    const upload = new Upload(file, {
      endpoint: address(`/projects/${encodeURIComponent(project)}/transfers`),
      uploadUrl: sending.transfer === null ? null : address(`/transfers/${sending.transfer}`),
      chunkSize: PART_BYTES,
      // What the server has is asked of the server, and how long to try is ours to say.
      storeFingerprintForResuming: false,
      retryDelays: null,
      uploadDataDuringCreation: true,
      metadata: { filename: file.name, modified: String(file.lastModified) },
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onUploadUrlAvailable: () => sending.onTransfer(upload.url?.split("/").at(-1) ?? ""),
      onProgress: (sent) => {
        if (!signal.aborted) sending.onProgress(sent);
      },
      onSuccess: ({ lastResponse }) => {
        signal.removeEventListener("abort", stop);
        const id = lastResponse.getHeader("Graticule-Upload");
        if (id) resolve(id);
        else reject(errorFromAnswer(lastResponse.getStatus(), lastResponse.getBody()));
      },
      onError: (error) => {
        signal.removeEventListener("abort", stop);
        const answer = "originalResponse" in error ? error.originalResponse : null;
        reject(answer ? errorFromAnswer(answer.getStatus(), answer.getBody()) : offlineError());
      },
    });
    signal.addEventListener("abort", stop, { once: true });
    upload.start();
  });
}

const address = (path: string) => new URL(API + path, document.baseURI).href;

/** Whether trying again may help: the server is away or restarts, or still has a part of ours in hand. */
const passes = (error: ApiError) =>
  error.offline ||
  [409, 423, 429].includes(error.status) ||
  (error.status >= 500 && error.code !== "disk_full");

/** A file that was changed or moved fails as a broken connection does, for ever. */
async function requireReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Error(`${file.name} was changed or moved since it was chosen. Choose it again.`);
  }
}

/** Waits, but no longer than until the browser says that the connection is back. */
function later(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const end = (action: () => void) => () => {
      clearTimeout(timer);
      done.abort();
      action();
    };
    const timer = setTimeout(end(resolve), milliseconds);
    window.addEventListener("online", end(resolve), { signal: done.signal });
    signal.addEventListener(
      "abort",
      end(() => reject(abortedError())),
      { signal: done.signal },
    );
  });
}

/** A checkpoint, or settings of `threshold`, becomes a version of the project's models. */
export const uploadVersion = (
  project: string,
  file: File,
  values: Readonly<Record<string, string>>,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
) => send<ModelVersion>(`/projects/${encodeURIComponent(project)}/models`, file, values, onProgress, signal);

function send<Answer>(
  path: string,
  file: File,
  values: Readonly<Record<string, string>>,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError());
      return;
    }
    const sender = new XMLHttpRequest();
    const abort = () => sender.abort();
    sender.open("POST", API + path);
    sender.setRequestHeader("X-CSRFToken", csrfToken());
    sender.upload.addEventListener("progress", (event) => onProgress(Math.min(event.loaded, file.size)));
    sender.addEventListener("load", () => {
      if (sender.status >= 200 && sender.status < 300) resolve(JSON.parse(sender.responseText) as Answer);
      else reject(errorFromAnswer(sender.status, sender.responseText));
    });
    sender.addEventListener("error", () => reject(offlineError()));
    sender.addEventListener("abort", () => reject(abortedError()));
    sender.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    const form = new FormData();
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    form.append("file", file, file.name);
    sender.send(form);
  });
}
