// Kept in the browser: pending commits until they are settled, the prompt for as long as the tab lives, how the series
// is looked at, and what was measured by hand.

import type { Display, PendingCommit, PromptDraft, Ruler } from "./model";

export interface Keep {
  pending(): PendingCommit[];
  savePending(commit: PendingCommit): void;
  dropPending(requestId: string): void;
  prompt(): PromptDraft | null;
  savePrompt(prompt: PromptDraft | null): void;
  display(): Partial<Display>;
  saveDisplay(display: Display): void;
  rulers(): readonly Ruler[];
  saveRulers(rulers: readonly Ruler[]): void;
}

/** `lasting` outlives the tab (localStorage), `ofTab` a reload only: two tabs must not share one prompt. */
export function browserKeep(user: number, series: string, lasting: Storage, ofTab: Storage): Keep {
  const prefix = `graticule/${user}/${series}`;
  const commits = `${prefix}/pending/`;
  return {
    pending() {
      const found = keysOf(lasting)
        .filter((key) => key.startsWith(commits))
        .map((key) => parsed<{ at: number; commit: PendingCommit }>(lasting.getItem(key)))
        .filter((entry) => entry !== null);
      return found.sort((a, b) => a.at - b.at).map((entry) => entry.commit);
    },
    savePending(commit) {
      const at = keysOf(lasting)
        .filter((key) => key.startsWith(commits))
        .map((key) => parsed<{ at: number }>(lasting.getItem(key))?.at ?? 0);
      lasting.setItem(commits + commit.requestId, JSON.stringify({ at: Math.max(0, ...at) + 1, commit }));
    },
    dropPending(requestId) {
      lasting.removeItem(commits + requestId);
    },
    prompt() {
      return parsed<PromptDraft>(ofTab.getItem(`${prefix}/prompt`));
    },
    savePrompt(prompt) {
      if (prompt === null) ofTab.removeItem(`${prefix}/prompt`);
      else ofTab.setItem(`${prefix}/prompt`, JSON.stringify(prompt));
    },
    display() {
      return parsed<Partial<Display>>(lasting.getItem(`${prefix}/display`)) ?? {};
    },
    saveDisplay(display) {
      lasting.setItem(`${prefix}/display`, JSON.stringify(display));
    },
    rulers() {
      return parsed<Ruler[]>(lasting.getItem(`${prefix}/rulers`)) ?? [];
    },
    saveRulers(rulers) {
      lasting.setItem(`${prefix}/rulers`, JSON.stringify(rulers));
    },
  };
}

function keysOf(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
}

/** Null for what is absent or was damaged. */
function parsed<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
