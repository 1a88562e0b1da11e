// Whether the tour of the annotator is asked for.

import { signal } from "@preact/signals";

/** The annotator that is open, or opens next, begins it. */
export const tourAsked = signal(false);
