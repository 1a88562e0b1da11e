// The keys of the person who is signed in.

import { signal } from "@preact/signals";
import type { KeyChanges } from "./keymap";

export const keyChanges = signal<KeyChanges>({});

/** Why the newest changes are in this browser only; null: the server has them. */
export const unsavedKeys = signal<string | null>(null);
