// Segments one frame again and again while somebody moves sliders: one question at a time, and the newest wins.

import type { Candidate, ServerMessage } from "../../protocol/messages";
import type { Settings } from "../../protocol/settings";
import { connect, type OpenWire, openWebSocket } from "../../protocol/socket";

export interface LiveQuestion {
  readonly frame: number;
  readonly model: string;
  readonly version: string | null;
  readonly parameters: Settings;
}

export type LiveNews =
  | { kind: "waiting" }
  | { kind: "found"; frame: number; instances: readonly Candidate[]; tookMs: number }
  | { kind: "problem"; message: string }
  | { kind: "offline" };

export interface LiveSegmenter {
  /** Replaces what is asked; while an answer is under way the newest question waits for it. */
  ask(question: LiveQuestion): void;
  close(): void;
}

export function openLive(
  series: string,
  listen: (news: LiveNews) => void,
  openWire: OpenWire = openWebSocket(series),
  newId: () => string = () => crypto.randomUUID(),
): LiveSegmenter {
  let online = false;
  let next: LiveQuestion | null = null;
  let asked: { id: string; question: LiveQuestion; at: number } | null = null;

  const socket = connect(openWire, (event) => {
    if (event.type === "message") receive(event.message);
    else {
      online = false;
      if (asked !== null) next ??= asked.question; // the answer went with the connection
      asked = null;
      listen({ kind: "offline" });
    }
  });

  function receive(message: ServerMessage): void {
    if (message.type === "hello") {
      online = true;
      speak();
    } else if (asked !== null && "request_id" in message && message.request_id === asked.id) {
      if (message.type === "frame.segmenting") return;
      const { question, at } = asked;
      asked = null;
      if (message.type === "frame.segmented") {
        const tookMs = performance.now() - at;
        listen({ kind: "found", frame: question.frame, instances: message.instances, tookMs });
      } else if (message.type === "error") listen({ kind: "problem", message: message.message });
      speak();
    }
  }

  function speak(): void {
    if (!online || asked !== null || next === null) return;
    const question = next;
    const id = newId();
    next = null;
    asked = { id, question, at: performance.now() };
    const { frame, model, version, parameters } = question;
    socket.send({ type: "frame.segment", request_id: id, frame, model, version, parameters });
    listen({ kind: "waiting" });
  }

  return {
    ask(question) {
      next = question;
      speak();
    },
    close: () => socket.close(),
  };
}
