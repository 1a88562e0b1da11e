// A websocket in memory: tests see what the page sends and answer as the server would.

import type { ClientMessage, ServerMessage } from "../src/protocol/messages";
import type { OpenWire, WireEvents } from "../src/protocol/socket";
import type { Entry, Shelf } from "../src/state/annotator/shelf";
import type { Tabs } from "../src/state/annotator/tabs";
import { me } from "./annotator";

export class FakeServer {
  attempts = 0;
  reachable = true;
  role: "annotator" | "viewer" = "annotator";
  version = 0;
  protocol = 1;
  /** Everything that any connection sent, in order. */
  readonly received: ClientMessage[] = [];
  private events: WireEvents | null = null;

  readonly open: OpenWire = (events) => {
    this.attempts++;
    if (!this.reachable) {
      queueMicrotask(() => events.closed(1006));
      return { send: () => undefined, close: () => undefined };
    }
    this.events = events;
    queueMicrotask(() => events.opened());
    return {
      send: (text) => {
        const message = JSON.parse(text) as ClientMessage;
        this.received.push(message);
        if (message.type === "hello") this.greet();
      },
      close: () => {
        if (this.events === events) this.events = null;
      },
    };
  };

  get connected(): boolean {
    return this.events !== null;
  }

  say(message: ServerMessage): void {
    this.events?.received(JSON.stringify(message));
  }

  /** The connection breaks; `code` as the browser reports it. */
  drop(code = 1006): void {
    const events = this.events;
    this.events = null;
    events?.closed(code);
  }

  of<Type extends ClientMessage["type"]>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.received.filter((message) => message.type === type) as Extract<
      ClientMessage,
      { type: Type }
    >[];
  }

  private greet(): void {
    const { version, role, protocol } = this;
    this.say({ type: "hello", protocol, series: "series", version, user: me, role, archived: false });
  }
}

/** What a browser keeps for a person, in memory, with the tabs that live. */
export class MemoryBrowser {
  readonly kept = new Map<string, Entry>();
  readonly alive = new Set<string>();
  readonly storage = new MemoryStorage();
  full = false;
  private tabs = 0;

  readonly shelf: Shelf = {
    entries: async (owner) => [...this.kept.values()].filter((entry) => entry.owner === owner),
    put: async (entries) => {
      if (this.full) throw new DOMException("full", "QuotaExceededError");
      for (const entry of entries) this.kept.set(entry.key, structuredClone(entry));
    },
    remove: async (key) => void this.kept.delete(key),
  };

  /** A new tab, or with a name the one of before a reload. */
  tab(name = `tab${++this.tabs}`): Tabs & { name: string } {
    this.alive.add(name);
    return {
      name,
      mine: async () => name,
      ifGone: async (tab, action) => {
        if (this.alive.has(tab)) return false;
        this.alive.add(tab); // as a lock, it is held meanwhile
        await action();
        return this.alive.delete(tab);
      },
      close: () => void this.alive.delete(name),
    };
  }
}

/** A browser's storage, in memory. */
export class MemoryStorage implements Storage {
  private readonly items = new Map<string, string>();
  full = false;

  get length(): number {
    return this.items.size;
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
  clear(): void {
    this.items.clear();
  }
}
