// Keeps unsaved work in the browser as it comes and goes, and finds what earlier pages and dead tabs left.

import type { Keep } from "./keep";
import type { Annotator, Drafts, PendingCommit, Ruler, StrokeDraft } from "./model";
import type { Store } from "./store";
import { isLoaded, mayEdit } from "./view";

const LOOK_MS = 4000;
const STROKE_MS = 250; // a stroke grows with every movement of the pointer

export interface Keeper {
  /** The page may go away: keeps what is under way, and says whether something would be lost. */
  leaving(): boolean;
  close(): void;
}

/** Answers the store from here on. */
export function startKeeping(store: Store, keep: Keep, newId: () => string): Keeper {
  let lookTimer: ReturnType<typeof setTimeout> | undefined;
  let draftsTimer: ReturnType<typeof setTimeout> | undefined;
  let draftsKept = true;
  let stroke: StrokeDraft | null = null; // of an earlier page, until its frame is in sight
  /** Commits that the browser has kept, and those that it is asked to. */
  const stored = new Set<string>();
  const asked = new Set<string>();
  let closed = false;

  store.dispatch({ type: "display", change: keep.display() });
  store.dispatch({ type: "view/rulers-kept", rulers: keep.rulers() });
  const stopWatching = store.watch((after, before) => {
    if (after.pending !== before.pending) keepPending(after, before);
    const drafted = after.prompt !== before.prompt || after.outline !== before.outline;
    if (drafted || after.asked !== before.asked) keepDrafts(0);
    else if (after.stroke !== before.stroke) keepDrafts(after.stroke === null ? 0 : STROKE_MS);
    if (after.display !== before.display) keepLook(() => keep.saveDisplay(after.display));
    if (after.rulers !== before.rulers)
      keepLook(() => keep.saveRulers(mergedRulers(keep.rulers(), before.rulers, after.rulers)));
    resumeStroke(after);
  });
  void look();

  async function look(): Promise<void> {
    try {
      const { pending, drafts, elsewhere } = await keep.find();
      if (closed) return;
      for (const { requestId } of pending) stored.add(requestId);
      const { prompt, asked } = drafts ?? { prompt: null, asked: null };
      if (pending.length > 0 || prompt !== null || asked !== null) {
        store.dispatch({ type: "kept/found", pending, prompt, asked, requestId: newId() });
      }
      if (drafts?.outline != null && store.state.peek().outline === null) {
        store.dispatch({ type: "outline", outline: drafts.outline });
      }
      if (drafts?.stroke != null) {
        stroke = drafts.stroke;
        resumeStroke(store.state.peek());
      }
      if (elsewhere !== store.state.peek().keeping.elsewhere) report({ elsewhere });
    } catch {
      if (!closed) report({ failed: true });
    }
    if (!closed && writing === 0) savePending(store.state.peek().pending); // what did not fit before
    if (!closed) lookTimer = setTimeout(() => void look(), LOOK_MS);
  }

  /** A stroke that a reload cut short is finished as far as it got: it can be undone. */
  function resumeStroke(state: Annotator): void {
    if (stroke === null || state.stroke !== null || !mayEdit(state)) return;
    if (state.frame !== stroke.frame || !isLoaded(state, stroke.frame)) return;
    const resumed = stroke;
    stroke = null;
    store.dispatch({ type: "stroke/begin", stroke: resumed });
    store.dispatch({ type: "stroke/finish", requestId: newId(), track: newId() });
  }

  function keepPending(after: Annotator, before: Annotator): void {
    savePending(after.pending);
    const present = new Set(after.pending.map((commit) => commit.requestId));
    for (const { requestId } of before.pending) {
      if (present.has(requestId)) continue;
      asked.delete(requestId);
      write(() => keep.dropPending(requestId));
    }
  }

  function savePending(pending: readonly PendingCommit[]): void {
    const missing = pending.filter(({ requestId }) => !stored.has(requestId) && !asked.has(requestId));
    if (missing.length === 0) return;
    for (const { requestId } of missing) asked.add(requestId);
    write(async () => {
      try {
        await keep.savePending(missing);
        for (const { requestId } of missing) stored.add(requestId);
      } finally {
        for (const { requestId } of missing) asked.delete(requestId);
      }
    });
  }

  function keepDrafts(delay: number): void {
    draftsKept = false;
    if (delay > 0 && draftsTimer !== undefined) return; // the one under way takes this along
    clearTimeout(draftsTimer);
    draftsTimer = setTimeout(saveDrafts, delay);
  }

  function saveDrafts(): void {
    draftsTimer = undefined;
    draftsKept = true;
    const drafts = draftsOf(store.state.peek());
    write(async () => {
      draftsFailed = true;
      await keep.saveDrafts({ ...drafts, stroke: drafts.stroke ?? stroke });
      draftsFailed = false;
    });
  }

  function keepLook(save: () => void): void {
    try {
      save();
    } catch {
      // A full storage: the next visit has the usual display, and no rulers.
    }
  }

  let writing = 0;
  let draftsFailed = false;
  let last: Promise<unknown> = Promise.resolve();
  /** Begins at once, for the page may go away; the shelf keeps the order. */
  function write(action: () => Promise<void>): void {
    writing++;
    report({ writing });
    last = action().then(done, done);
  }
  function done(): void {
    writing--;
    if (closed) return;
    const { pending } = store.state.peek();
    const missing = pending.some(({ requestId }) => !stored.has(requestId) && !asked.has(requestId));
    report({ writing, failed: missing || (draftsFailed && writing === 0) });
  }

  function report(change: Partial<Annotator["keeping"]>): void {
    store.dispatch({ type: "keeping", change });
  }

  function leaving(): boolean {
    if (!draftsKept) saveDrafts();
    return wouldBeLost(store.state.peek());
  }

  return {
    leaving,
    close() {
      leaving();
      closed = true;
      clearTimeout(lookTimer);
      clearTimeout(draftsTimer);
      stopWatching();
      void last.then(() => keep.close());
    },
  };
}

/** The change of this tab's rulers, made to those that any tab has kept. */
function mergedRulers(kept: readonly Ruler[], before: readonly Ruler[], after: readonly Ruler[]): Ruler[] {
  const still = new Set(after.map(({ id }) => id));
  const changed = after.filter((ruler) => !before.includes(ruler));
  const others = new Set([...before.filter(({ id }) => !still.has(id)), ...changed].map(({ id }) => id));
  return [...kept.filter(({ id }) => !others.has(id)), ...changed];
}

const draftsOf = ({ prompt, stroke, outline, asked }: Annotator): Drafts => ({
  prompt,
  stroke,
  outline,
  asked,
});

/** Whether work is neither on the server nor in the browser's storage. */
export function wouldBeLost(state: Annotator): boolean {
  const { pending, keeping, connection } = state;
  const something = pending.length > 0 || Object.values(draftsOf(state)).some((draft) => draft !== null);
  return something && (keeping.failed || (keeping.writing > 0 && connection !== "online"));
}
