// Keeps a person's keys: on the server, so that they follow the person, and in the browser for when it is away.

import { effect } from "@preact/signals";
import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import { user } from "../session/store";
import type { KeyChanges } from "./keymap";
import { keyChanges, unsavedKeys } from "./store";

const AGAIN_MS = 10_000;

interface Kept {
  readonly keys: KeyChanges;
  /** The server has them. */
  readonly saved: boolean;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Follows who is signed in. Returns what ends it. */
export function startKeymap(): () => void {
  let present: number | undefined;
  const stop = effect(() => {
    const person = user.value?.id;
    if (person === present) return;
    present = person;
    clearTimeout(timer);
    keyChanges.value = person === undefined ? {} : keptOf(person).keys;
    unsavedKeys.value = null;
    if (person !== undefined) void load(person);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

async function load(person: number): Promise<void> {
  const kept = keptOf(person);
  if (!kept.saved) {
    await save(person, kept.keys); // changed while the server was away
    return;
  }
  try {
    const { keys } = await api.getPreferences();
    if (user.peek()?.id !== person || !keptOf(person).saved) return;
    keep(person, { keys, saved: true });
    keyChanges.value = keys;
  } catch {
    // The keys kept in this browser hold.
  }
}

/** Takes effect at once. */
export function changeKeys(keys: KeyChanges): void {
  keyChanges.value = keys;
  const person = user.peek()?.id;
  if (person === undefined) return;
  keep(person, { keys, saved: false });
  void save(person, keys);
}

async function save(person: number, keys: KeyChanges): Promise<void> {
  clearTimeout(timer);
  try {
    await api.changePreferences({ keys });
    if (user.peek()?.id !== person || keyChanges.peek() !== keys) return;
    keep(person, { keys, saved: true });
    unsavedKeys.value = null;
  } catch (cause) {
    const error = asApiError(cause);
    if (user.peek()?.id !== person || keyChanges.peek() !== keys) return;
    unsavedKeys.value = error.offline
      ? "The server is out of reach: the keys hold in this browser, and are saved when it is back."
      : `The keys hold in this browser, and could not be saved: ${error.message}`;
    if (error.offline) timer = setTimeout(() => void save(person, keys), AGAIN_MS);
  }
}

const nameOf = (person: number) => `graticule/${person}/keys`;

function keptOf(person: number): Kept {
  try {
    const text = localStorage.getItem(nameOf(person));
    if (text !== null) return JSON.parse(text) as Kept;
  } catch {
    // Damaged, or no storage: the server's hold.
  }
  return { keys: {}, saved: true };
}

function keep(person: number, kept: Kept): void {
  try {
    localStorage.setItem(nameOf(person), JSON.stringify(kept));
  } catch {
    // A full storage: the server's answer holds from the next visit on.
  }
}
