// Keys by the names that are printed on them: "Shift+T", "Ctrl+Z", "Del", "?".

/** A key as KeyboardEvent describes it. */
export interface Key {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

const PRINTED: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
  ContextMenu: "Menu",
  " ": "Space",
  "+": "Plus",
};

const MODIFIERS: ReadonlySet<string> = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"]);

/** What a key is called in the table of commands; null for one that only modifies others. */
export function keyName({ key, ctrl, shift, alt }: Key): string | null {
  if (MODIFIERS.has(key) || key === "Dead" || key === "Unidentified") return null;
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  // Which signs need Shift depends on the keyboard: "?" is "?" on all of them.
  const sign = key.length === 1 && !letter && key !== " ";
  const printed = PRINTED[key] ?? (letter ? key.toUpperCase() : key);
  return `${ctrl ? "Ctrl+" : ""}${alt ? "Alt+" : ""}${shift && !sign ? "Shift+" : ""}${printed}`;
}

const ON_LETTER_KEY = /^Key([A-Z])$/;

/** The key of an event. A letter key is its Latin letter also where the keyboard writes others, or Alt changes it. */
export function keyOf(event: KeyboardEvent): Key {
  const { key, code, shiftKey: shift } = event;
  // AltGr arrives as Ctrl+Alt on some systems, and only helps to write a sign.
  if (event.getModifierState("AltGraph")) return { key, shift, ctrl: false, alt: false };
  const letter = ON_LETTER_KEY.exec(code)?.[1];
  const latin = letter !== undefined && !/^[a-z]$/i.test(key) ? letter : key;
  return { key: latin, shift, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey };
}
