// Sends one file with progress. XMLHttpRequest, because fetch does not report how much of a body was sent.

import { abortedError, errorFromAnswer, offlineError } from "./errors";
import type { ModelVersion } from "./models";
import { API, csrfToken } from "./request";
import type { Upload } from "./rest";

/** `onProgress` receives the bytes sent so far. */
export const uploadFile = (
  project: string,
  file: File,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
) => send<Upload>(`/projects/${encodeURIComponent(project)}/uploads`, file, {}, onProgress, signal);

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
