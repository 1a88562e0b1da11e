// Whose key is whose: the usual keys of the commands, and where a person has chosen others. Pure.

/** The keys that a person gave commands instead of the usual ones, by the commands' names. */
export type KeyChanges = Readonly<Record<string, readonly string[]>>;

/** What of a command matters here. */
export interface Keyed {
  readonly keys: readonly string[];
  readonly fixed?: boolean;
}

export type Keyeds<Id extends string> = Readonly<Record<Id, Keyed>>;

export const MOST_KEYS = 4;

/** The keys of a command as they are for this person. */
export function keysFor<Id extends string>(
  table: Keyeds<Id>,
  id: Id,
  changes: KeyChanges,
): readonly string[] {
  const { keys, fixed } = table[id];
  return fixed === true ? keys : (changes[id] ?? keys);
}

/**
 * The commands whose key it is already. Those that share it by design are not meant: Enter accepts what is on offer,
 * whatever that is.
 */
export function ownersOf<Id extends string>(
  table: Keyeds<Id>,
  id: Id,
  key: string,
  changes: KeyChanges,
): readonly Id[] {
  const shared = (other: Id) => table[id].keys.includes(key) && table[other].keys.includes(key);
  return (Object.keys(table) as Id[]).filter(
    (other) => other !== id && keysFor(table, other, changes).includes(key) && !shared(other),
  );
}

/** Gives a command other keys; the usual ones are not kept as a change. */
export function withKeys<Id extends string>(
  table: Keyeds<Id>,
  id: Id,
  keys: readonly string[],
  changes: KeyChanges,
): KeyChanges {
  const { [id]: _before, ...others } = changes;
  const wanted = [...new Set(keys)].slice(-MOST_KEYS);
  const usual = table[id].keys;
  const same = wanted.length === usual.length && wanted.every((key, index) => key === usual[index]);
  return same ? others : { ...others, [id]: wanted };
}

/** Gives a key to one command, in the place of `before` if it has one, and takes it from all others. */
export function assignKey<Id extends string>(
  table: Keyeds<Id>,
  id: Id,
  key: string,
  before: string | null,
  changes: KeyChanges,
): KeyChanges {
  let next = changes;
  for (const other of ownersOf(table, id, key, changes)) {
    const left = keysFor(table, other, next).filter((one) => one !== key);
    next = withKeys(table, other, left, next);
  }
  const present = keysFor(table, id, next);
  const keys = before === null ? [...present, key] : present.map((one) => (one === before ? key : one));
  return withKeys(table, id, keys, next);
}

/** Keys that never reach the page, or that mean something else on it. */
const TAKEN: Readonly<Record<string, string>> = {
  Space: "moves the image while it is held",
  Esc: "cancels what is under way",
  "Ctrl+W": "closes the browser's tab",
  "Ctrl+T": "opens a tab of the browser",
  "Ctrl+N": "opens a window of the browser",
  "Ctrl+Shift+N": "opens a private window of the browser",
  "Ctrl+Shift+T": "opens the browser's last tab again",
  "Ctrl+Shift+W": "closes the browser's window",
  "Ctrl+R": "loads the page anew",
  "Ctrl+Shift+R": "loads the page anew",
  F5: "loads the page anew",
  "Ctrl+Tab": "changes the browser's tab",
  "Ctrl+Shift+Tab": "changes the browser's tab",
  "Ctrl+C": "copies text",
  "Ctrl+V": "pastes text",
  "Ctrl+L": "goes to the browser's address",
  "Alt+F4": "closes the window",
};

/** Why nobody can have a key; null where it is free to give. */
export function whyTaken<Id extends string>(table: Keyeds<Id>, key: string): string | null {
  const why = TAKEN[key];
  if (why !== undefined) return `${key} ${why}. Press another key.`;
  const fixed = (Object.keys(table) as Id[]).some(
    (id) => table[id].fixed === true && table[id].keys.includes(key),
  );
  return fixed ? `${key} belongs to the phases, whatever they are. Press another key.` : null;
}
