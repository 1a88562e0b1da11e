// Unsaved work, kept in the browser: pending commits until they are settled, drafts until they are finished.
//
// Each entry belongs to the tab that made it. What a tab left that is gone is adopted by one other, which sends it:
// requests keep their names, so what the server has already is not written twice.

import type { Display, Drafts, PendingCommit, Ruler } from "./model";
import type { Entry, Shelf } from "./shelf";
import type { Tabs } from "./tabs";

export interface Found {
  readonly pending: readonly PendingCommit[];
  /** Null: this tab had none. */
  readonly drafts: Drafts | null;
  /** How many commits other tabs of this person have not sent yet. */
  readonly elsewhere: number;
}

export interface Keep {
  /** What this tab had before a reload, and what tabs that are gone left. Again: what came since. */
  find(): Promise<Found>;
  savePending(commits: readonly PendingCommit[]): Promise<void>;
  dropPending(requestId: string): Promise<void>;
  saveDrafts(drafts: Drafts): Promise<void>;
  display(): Partial<Display>;
  saveDisplay(display: Display): void;
  /** What was measured by hand. */
  rulers(): readonly Ruler[];
  saveRulers(rulers: readonly Ruler[]): void;
  close(): void;
}

/** `lasting`: small things that need not wait, localStorage. */
export function browserKeep(user: number, series: string, shelf: Shelf, tabs: Tabs, lasting: Storage): Keep {
  const owner = `${user}/${series}`;
  const displayName = `graticule/${owner}/display`;
  const rulersName = `graticule/${owner}/rulers`;
  const mine = tabs.mine();
  mine.catch(() => undefined); // whoever asks hears of it
  const given = new Set<string>();
  let latest = 0;
  let first = true;

  const keyOf = (requestId: string) => `${owner}/commit/${requestId}`;
  const commitsOf = (entries: readonly Entry[]) => entries.filter((entry) => entry.kind === "commit");

  /** Makes the work of tabs that are gone this tab's own; their drafts only where this one has none. */
  async function adopt(entries: readonly Entry[], tab: string): Promise<void> {
    const others = new Set(entries.map((entry) => entry.tab));
    others.delete(tab);
    for (const other of others) {
      await tabs.ifGone(other, async () => {
        // Anew: another tab may have been quicker.
        const entries = await shelf.entries(owner);
        const left = entries.filter((entry) => entry.tab === other);
        const drafts = left.find((entry) => entry.kind === "drafts");
        const free = first && !entries.some((entry) => entry.key === draftsKey(owner, tab));
        const moved = commitsOf(left).map((entry): Entry => ({ ...entry, tab }));
        if (drafts !== undefined && free) moved.push({ ...drafts, key: draftsKey(owner, tab), tab });
        await shelf.put(moved);
        if (drafts !== undefined && (free || drafts.drafts.asked === null)) await shelf.remove(drafts.key);
      });
    }
  }

  return {
    async find() {
      const tab = await mine;
      await adopt(await shelf.entries(owner), tab);
      const entries = await shelf.entries(owner);
      const commits = commitsOf(entries).sort((a, b) => a.at - b.at);
      latest = Math.max(latest, ...commits.map(({ at }) => at));
      const own = commits.filter((entry) => entry.tab === tab && !given.has(entry.commit.requestId));
      for (const { commit } of own) given.add(commit.requestId);
      const kept = first ? entries.find((entry) => entry.key === draftsKey(owner, tab)) : undefined;
      first = false;
      return {
        pending: own.map(({ commit }) => commit),
        drafts: kept?.kind === "drafts" ? kept.drafts : null,
        elsewhere: commits.filter((entry) => entry.tab !== tab).length,
      };
    },
    async savePending(commits) {
      const tab = await mine;
      const entries = commits.map((commit): Entry => {
        given.add(commit.requestId);
        latest = Math.max(latest + 1, Date.now());
        return { key: keyOf(commit.requestId), owner, tab, kind: "commit", at: latest, commit };
      });
      await shelf.put(entries);
    },
    async dropPending(requestId) {
      await mine; // as saving does, so that it comes after
      await shelf.remove(keyOf(requestId));
    },
    async saveDrafts(drafts) {
      const tab = await mine;
      const key = draftsKey(owner, tab);
      if (Object.values(drafts).every((draft) => draft === null)) await shelf.remove(key);
      else await shelf.put([{ key, owner, tab, kind: "drafts", drafts }]);
    },
    display() {
      return parsed<Partial<Display>>(lasting.getItem(displayName)) ?? {};
    },
    saveDisplay(display) {
      lasting.setItem(displayName, JSON.stringify(display));
    },
    rulers() {
      return parsed<readonly Ruler[]>(lasting.getItem(rulersName)) ?? [];
    },
    saveRulers(rulers) {
      lasting.setItem(rulersName, JSON.stringify(rulers));
    },
    close: () => tabs.close(),
  };
}

const draftsKey = (owner: string, tab: string) => `${owner}/drafts/${tab}`;

/** Null for what is absent or was damaged. */
function parsed<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
