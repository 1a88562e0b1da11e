// Sends one file with progress. XMLHttpRequest, because fetch does not report how much of a body was sent.

import { abortedError, errorFromAnswer, offlineError } from "./errors";
import { API, csrfToken } from "./request";
import type { Upload } from "./rest";

/** `onProgress` receives the bytes sent so far. */
export function uploadFile(
  project: string,
  file: File,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<Upload> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError());
      return;
    }
    const sender = new XMLHttpRequest();
    const abort = () => sender.abort();
    sender.open("POST", `${API}/projects/${encodeURIComponent(project)}/uploads`);
    sender.setRequestHeader("X-CSRFToken", csrfToken());
    sender.upload.addEventListener("progress", (event) => onProgress(Math.min(event.loaded, file.size)));
    sender.addEventListener("load", () => {
      if (sender.status >= 200 && sender.status < 300) resolve(JSON.parse(sender.responseText) as Upload);
      else reject(errorFromAnswer(sender.status, sender.responseText));
    });
    sender.addEventListener("error", () => reject(offlineError()));
    sender.addEventListener("abort", () => reject(abortedError()));
    sender.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    const form = new FormData();
    form.append("file", file, file.name);
    sender.send(form);
  });
}
