// Light, dark, or as the system says. The choice is kept in this browser.

import { effect, signal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const KEY = "graticule.theme";

/** What the person chose; assigning it repaints and remembers. */
export const theme = signal<Theme>("system");

/** Reads the kept choice and follows changes from here on. Returns a function that stops. */
export function startTheme(): () => void {
  theme.value = readTheme(localStorage.getItem(KEY));
  return effect(() => {
    const choice = theme.value;
    if (choice === "system") {
      delete document.documentElement.dataset["theme"];
      localStorage.removeItem(KEY);
    } else {
      document.documentElement.dataset["theme"] = choice;
      localStorage.setItem(KEY, choice);
    }
  });
}

export function readTheme(kept: string | null): Theme {
  return themes.find((name) => name === kept) ?? "system";
}
