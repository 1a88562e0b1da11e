// Asks the server, a moment after each change, which frames a split would train on and which it would keep.

import { type ReadonlySignal, useSignal, useSignalEffect } from "@preact/signals";
import { asApiError } from "../../../protocol/errors";
import type { SplitPreview, TrainingRequest } from "../../../protocol/models";
import { previewSplit } from "../../../state/models/effects";

const DELAY_MS = 200;

export function usePreview(
  project: string,
  request: ReadonlySignal<TrainingRequest>,
): ReadonlySignal<SplitPreview | null> {
  const preview = useSignal<SplitPreview | null>(null);
  useSignalEffect(() => {
    const wanted = request.value;
    if (wanted.series.length === 0 || wanted.model === "") {
      preview.value = null;
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        preview.value = await previewSplit(project, wanted, stop.signal);
      } catch (cause) {
        const error = asApiError(cause);
        if (!error.aborted) preview.value = refused(error.message, error.fields);
      }
    }, DELAY_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
  return preview;
}

/** A refusal is shown where the split's own problems are. */
function refused(message: string, fields: Readonly<Record<string, readonly string[]>>): SplitPreview {
  const details = Object.entries(fields).map(([name, texts]) => `${name}: ${texts.join(" ")}`);
  return {
    training: [],
    validation: [],
    unused: [],
    masks: 0,
    problems: details.length > 0 ? details : [message],
    can_start: false,
  };
}
