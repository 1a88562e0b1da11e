// Unsaved work, kept in the browser: pending commits until they are settled, prompt and outline for as long as the tab
// lives.

import type { Display, OutlineDraft, PendingCommit, PromptDraft } from "./model";

export interface Keep {
  pending(): PendingCommit[];
  savePending(commit: PendingCommit): void;
  dropPending(requestId: string): void;
  prompt(): PromptDraft | null;
  savePrompt(prompt: PromptDraft | null): void;
  outline(): OutlineDraft | null;
  saveOutline(outline: OutlineDraft | null): void;
  display(): Partial<Display>;
  saveDisplay(display: Display): void;
}

/** `lasting` outlives the tab (localStorage), `ofTab` a reload only: two tabs must not share one prompt. */
export function browserKeep(user: number, series: string, lasting: Storage, ofTab: Storage): Keep {
  const prefix = `graticule/${user}/${series}`;
  const commits = `${prefix}/pending/`;
  const saveDraft = (name: string, draft: PromptDraft | OutlineDraft | null) => {
    if (draft === null) ofTab.removeItem(`${prefix}/${name}`);
    else ofTab.setItem(`${prefix}/${name}`, JSON.stringify(draft));
  };
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
    savePrompt: (prompt) => saveDraft("prompt", prompt),
    outline() {
      return parsed<OutlineDraft>(ofTab.getItem(`${prefix}/outline`));
    },
    saveOutline: (outline) => saveDraft("outline", outline),
    display() {
      return parsed<Partial<Display>>(lasting.getItem(`${prefix}/display`)) ?? {};
    },
    saveDisplay(display) {
      lasting.setItem(`${prefix}/display`, JSON.stringify(display));
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
