// The websocket of one series: says hello, comes back after every loss, and tells when it may be spoken to.

import type { ClientMessage, Protocol, ServerMessage } from "./messages";

export const PROTOCOL: Protocol["protocol"] = 1;

/** One connection attempt. `send` is called only between `opened` and `closed`. */
export interface Wire {
  send(text: string): void;
  close(): void;
}

export interface WireEvents {
  opened(): void;
  received(text: string): void;
  closed(code: number): void;
}

export type OpenWire = (events: WireEvents) => Wire;

export type SocketEvent =
  | { type: "message"; message: ServerMessage }
  | { type: "lost" }
  /** The server speaks a newer protocol: this page must be reloaded. */
  | { type: "outdated" }
  /** Signed out, or no longer a member: trying again would not help. */
  | { type: "refused" };

export interface SeriesSocket {
  /** False when nobody listens: the message was not sent. */
  send(message: ClientMessage): boolean;
  /** Tries at once instead of waiting on: the network is back, or somebody looks again. */
  retry(): void;
  /** The browser says that the network is gone: connects anew, which fails where that is so. */
  doubt(): void;
  close(): void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const LONGEST_SILENCE_MS = 25_000; // the server says its head every 10 s
const LISTEN_MS = 2500;
const FINAL_CODES: ReadonlySet<number> = new Set([4401, 4403, 4404]);

export function connect(openWire: OpenWire, listen: (event: SocketEvent) => void): SeriesSocket {
  let wire: Wire | null = null;
  let greeted = false;
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let heard = Date.now(); // the wall clock: it goes on while a computer sleeps, timers do not
  let stopped = false;
  const listening = setInterval(checkSilence, LISTEN_MS);

  function start(): void {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    const mine = openWire({
      opened: () => mine.send(JSON.stringify({ type: "hello", protocol: PROTOCOL } satisfies ClientMessage)),
      received: (text) => {
        if (wire === mine) receive(text);
      },
      closed: (code) => {
        if (wire === mine) lose(code);
      },
    });
    wire = mine;
    heard = Date.now();
  }

  function receive(text: string): void {
    heard = Date.now();
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === "hello") {
      if (message.protocol !== PROTOCOL) {
        stop();
        listen({ type: "outdated" });
        return;
      }
      greeted = true;
      failures = 0;
    }
    listen({ type: "message", message });
  }

  /** A connection that went silent is dead, even if nobody said so: after a sleep nobody does. */
  function checkSilence(): void {
    if (wire !== null && Date.now() - heard > LONGEST_SILENCE_MS) drop();
  }

  function drop(): void {
    const former = wire;
    lose(0);
    former?.close();
  }

  function lose(code: number): void {
    wire = null;
    greeted = false;
    if (stopped) return;
    if (FINAL_CODES.has(code)) {
      stop();
      listen({ type: "refused" });
      return;
    }
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++);
    retryTimer = setTimeout(start, delay * (0.7 + 0.6 * Math.random())); // not all tabs at once
    listen({ type: "lost" });
  }

  function stop(): void {
    stopped = true;
    clearTimeout(retryTimer);
    clearInterval(listening);
    const open = wire;
    wire = null;
    greeted = false;
    open?.close();
  }

  start();
  return {
    send(message) {
      if (wire === null || !greeted) return false;
      wire.send(JSON.stringify(message));
      return true;
    },
    retry() {
      if (retryTimer !== undefined) start();
      else checkSilence();
    },
    doubt() {
      if (wire !== null) drop();
    },
    close: stop,
  };
}

/** The browser's own websocket. */
export function openWebSocket(series: string): OpenWire {
  return (events) => {
    const address = new URL(`/ws/series/${encodeURIComponent(series)}`, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.onopen = () => events.opened();
    socket.onmessage = (event) => events.received(String(event.data));
    socket.onclose = (event) => events.closed(event.code);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  };
}
