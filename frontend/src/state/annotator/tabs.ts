// Which of a person's tabs live. A tab holds a lock as long as it does, so nothing is sent by two, or by none.

export interface Tabs {
  /** This tab's name: that of before a reload, unless another tab has it by now. */
  mine(): Promise<string>;
  /** Runs the action if the tab is gone, while nobody else can; says whether it was. */
  ifGone(tab: string, action: () => Promise<void>): Promise<boolean>;
  close(): void;
}

const NAME = "graticule/tab";
const FORMER_MS = 500; // until the page before a reload has let go

/** `owner`: the work that is meant; a tab that goes on to other work lets go of it. */
export function browserTabs(owner: string, ofTab: Storage, newId: () => string): Tabs {
  const name = `${NAME}/${owner}`;
  const lockOf = (tab: string) => `${name}/${tab}`;
  let release: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    release = resolve;
  });

  /** Resolves once the lock is held, which it is until `close`. */
  function hold(tab: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = signal === undefined ? {} : { signal };
      navigator.locks
        .request(lockOf(tab), options, () => {
          resolve();
          return closed;
        })
        .catch(reject);
    });
  }

  return {
    async mine() {
      const former = ofTab.getItem(name);
      if (former !== null) {
        try {
          await hold(former, AbortSignal.timeout(FORMER_MS));
          return former;
        } catch {
          // A copy of a tab has its storage, too.
        }
      }
      const tab = newId();
      await hold(tab);
      ofTab.setItem(name, tab);
      return tab;
    },
    async ifGone(tab, action) {
      return await navigator.locks.request(lockOf(tab), { ifAvailable: true }, async (lock) => {
        if (lock === null) return false;
        await action();
        return true;
      });
    },
    close: release,
  };
}
