// Where the browser keeps unsaved work: IndexedDB, which holds far more than localStorage. It survives a crash.

import type { Drafts, PendingCommit } from "./model";

/** `owner`: the person and series that it belongs to; `tab`: who sends it. `at` says which came first. */
export type Entry = { readonly key: string; readonly owner: string; readonly tab: string } & (
  | { readonly kind: "commit"; readonly at: number; readonly commit: PendingCommit }
  | { readonly kind: "drafts"; readonly drafts: Drafts }
);

export interface Shelf {
  entries(owner: string): Promise<readonly Entry[]>;
  /** All of them, or none: then it rejects. */
  put(entries: readonly Entry[]): Promise<void>;
  remove(key: string): Promise<void>;
}

const NAME = "graticule";
const STORE = "unsaved";

/** Opens the database at its first use. Every call rejects where the browser keeps nothing. */
export function browserShelf(): Shelf {
  let opened: Promise<IDBDatabase> | undefined;
  const database = () => {
    opened ??= open();
    return opened;
  };
  return {
    async entries(owner) {
      const store = (await database()).transaction(STORE, "readonly").objectStore(STORE);
      return settled(store.index("owner").getAll(owner) as IDBRequest<Entry[]>);
    },
    async put(entries) {
      const transaction = (await database()).transaction(STORE, "readwrite");
      for (const entry of entries) transaction.objectStore(STORE).put(entry);
      transaction.commit(); // also when the page goes away right now
      await completed(transaction);
    },
    async remove(key) {
      const transaction = (await database()).transaction(STORE, "readwrite");
      transaction.objectStore(STORE).delete(key);
      transaction.commit();
      await completed(transaction);
    },
  };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("owner", "owner");
  };
  // Asks the browser not to clear it when the disk gets full.
  void navigator.storage?.persist?.();
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
