// The annotator's conversation with the server and the browser's storage. Pages dispatch actions; this answers them.

import type * as Api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { ClientMessage } from "../../protocol/messages";
import { connect, type OpenWire } from "../../protocol/socket";
import { startKeeping } from "./effects_keep";
import type { Keep } from "./keep";
import type { Annotator, PendingCommit, PromptDraft, Proposals } from "./model";
import type { Store } from "./store";
import { isLoaded, openCommits } from "./view";

/** The calls this file makes; tests pass their own. */
export type FrameApi = Pick<typeof Api, "getState" | "getTimeline" | "getLanes" | "getProposals">;

export interface Services {
  readonly api: FrameApi;
  readonly openWire: OpenWire;
  readonly keep: Keep;
  readonly newId: () => string;
}

export interface Connection {
  /** The network is back: do not wait for the next attempt. */
  retry(): void;
  /** The network is said to be gone. */
  doubt(): void;
  /** The page may go away: whether something would be lost. */
  leaving(): boolean;
  close(): void;
}

const TIMELINE_DELAY_MS = 800;
const AGAIN_MS = 3000;
const NEIGHBOURS = [0, 1, -1, 2, -2, 3, -3];
const AHEAD = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** Restores kept work, connects, and answers every change of the store from here on. */
export function start(store: Store, services: Services): Connection {
  const { api, keep, newId } = services;
  const { id } = store.state.peek().series;
  const loading = new Set<string>();
  let asked: number | null = null; // the version that a `series.since` under way starts from
  let lanesRest = false; // they could not be had a moment ago
  let timelineTimer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const stopWatching = store.watch((after, before) => {
    if (after.connection === "online") speak(after, before);
    loadFrames(after);
    loadLanes(after);
    if (after.past?.version !== before.past?.version) refreshTimeline(0);
    else if (after.serverHead !== before.serverHead) refreshTimeline();
  });

  const keeper = startKeeping(store, keep, newId);
  const socket = connect(services.openWire, (event) => {
    switch (event.type) {
      case "message":
        if (event.message.type === "series.changes") asked = null;
        store.dispatch({ type: "server", message: event.message });
        break;
      case "lost":
        asked = null;
        store.dispatch({ type: "connection", connection: "offline" });
        break;
      case "outdated":
      case "refused":
        store.dispatch({ type: "connection", connection: event.type });
        break;
    }
  });
  refreshTimeline(0);
  loadLanes(store.state.peek());

  /** Tells the server what changed; after a (re)connection, everything that it may have missed. */
  function speak(after: Annotator, before: Annotator): void {
    const resumed = before.connection !== "online";
    if (after.serverHead > after.head && asked !== after.head) {
      asked = after.head;
      send({ type: "series.since", version: after.head });
    }
    if (resumed || after.pending !== before.pending || after.asked !== before.asked) {
      const sent = new Set(resumed ? [] : sendable(before).map((commit) => commit.requestId));
      for (const commit of sendable(after)) if (!sent.has(commit.requestId)) send(commitMessage(commit));
    }
    if (resumed || after.frame !== before.frame || after.model !== before.model) {
      if (after.model !== "")
        send({ type: "frame.open", frame: after.frame, model: after.model, version: null });
    }
    askModel(after.prompt, before.prompt, resumed, promptWaits, promptMessage);
    askModel(after.proposals, before.proposals, resumed, proposalsWait, segmentMessage);
  }

  /** Sends a new question, takes back one that nobody waits for any more. */
  function askModel<Question extends PromptDraft | Proposals>(
    now: Question | null,
    then: Question | null,
    resumed: boolean,
    waits: (question: Question) => boolean,
    message: (question: Question) => ClientMessage,
  ): void {
    const news = now !== null && (resumed || now.requestId !== then?.requestId);
    if (news && waits(now)) send(message(now));
    else if (now === null && then !== null && waits(then)) {
      send({ type: "request.cancel", request_id: then.requestId });
    }
  }

  function loadFrames(state: Annotator): void {
    if (closed || state.connection === "refused") return;
    const { frames } = state.series;
    if (!state.playing && !isLoaded(state, state.frame)) {
      void loadFrame(state.frame, state.past?.version); // it has the line to itself
      return;
    }
    for (const step of state.playing ? AHEAD : NEIGHBOURS) {
      const frame = state.playing ? (state.frame + step) % frames : state.frame + step;
      if (frame >= 0 && frame < frames && !isLoaded(state, frame)) {
        void loadFrame(frame, state.past?.version);
      }
      if (loading.size >= 3) return;
    }
  }

  async function loadFrame(frame: number, version: number | undefined): Promise<void> {
    const key = `${frame}/${version}`;
    if (loading.has(key)) return;
    loading.add(key);
    try {
      const state = await api.getState(id, frame, { version, masksOnly: version === undefined });
      loading.delete(key);
      if (!closed) store.dispatch({ type: version === undefined ? "frame/loaded" : "past/loaded", state });
    } catch (cause) {
      const error = asApiError(cause);
      if (!closed && !error.offline) store.dispatch({ type: "notice", text: error.message });
      // The next change of frame may try again; an answer that failed must not be asked for in a loop.
      setTimeout(() => loading.delete(key), AGAIN_MS);
    }
  }

  /** Once at the beginning; changesets keep them up to date, unless one was missed or a deleted track came back. */
  function loadLanes(state: Annotator): void {
    if (closed || lanesRest || state.connection === "refused") return;
    if (state.lanes.missed === null && state.lanes.version < state.head) {
      store.dispatch({ type: "lanes/asked" });
      void askForLanes(undefined);
    }
    if (state.past !== null && state.past.runs === null) void askForLanes(state.past.version);
  }

  async function askForLanes(version: number | undefined): Promise<void> {
    const key = `lanes/${version}`;
    if (loading.has(key)) return;
    loading.add(key);
    try {
      const lanes = await api.getLanes(id, version);
      if (!closed) store.dispatch({ type: version === undefined ? "lanes/loaded" : "past/lanes", lanes });
    } catch {
      lanesRest = true;
      setTimeout(() => {
        lanesRest = false;
        if (!closed) loadLanes(store.state.peek());
      }, AGAIN_MS);
      if (!closed && version === undefined) store.dispatch({ type: "lanes/failed" });
    } finally {
      loading.delete(key);
    }
  }

  function refreshTimeline(delay = TIMELINE_DELAY_MS): void {
    clearTimeout(timelineTimer);
    timelineTimer = setTimeout(() => {
      api.getTimeline(id, store.state.peek().past?.version).then(
        ({ frames }) => {
          if (closed) return;
          store.dispatch({ type: "timeline/loaded", frames });
          if (frames.some(({ proposals }) => proposals > 0)) countProposals();
        },
        () => undefined, // marks on the timeline: the next changeset asks again
      );
    }, delay);
  }

  function countProposals(): void {
    api.getProposals(id).then(
      (summary) => {
        if (!closed) store.dispatch({ type: "proposals/counted", summary });
      },
      () => undefined, // how scores are spread: the next changeset asks again
    );
  }

  function send(message: ClientMessage): void {
    socket.send(message);
  }

  return {
    retry: () => socket.retry(),
    doubt: () => socket.doubt(),
    leaving: () => keeper.leaving(),
    close() {
      closed = true;
      clearTimeout(timelineTimer);
      stopWatching();
      keeper.close();
      socket.close();
    },
  };
}

/** A change of tracks that is on its way comes before the commits made since. */
function sendable({ pending, asked }: Annotator): readonly PendingCommit[] {
  const open = openCommits(pending);
  return asked === null ? open : open.filter(({ requestId }) => asked.after.includes(requestId));
}

function promptWaits(prompt: PromptDraft): boolean {
  return prompt.problem === null && prompt.answer?.requestId !== prompt.requestId;
}

function proposalsWait(proposals: Proposals): boolean {
  return proposals.problem === null && proposals.answer === null;
}

function commitMessage(commit: PendingCommit): ClientMessage {
  const { requestId, reason, base, undoes, operations } = commit;
  return {
    type: "changeset.commit",
    request_id: requestId,
    reason,
    base: [...base],
    undoes,
    operations: [...operations],
  };
}

function promptMessage({ requestId, frame, model, points, box, mask }: PromptDraft): ClientMessage {
  return {
    type: "prompt.predict",
    request_id: requestId,
    frame,
    model,
    version: null,
    points: [...points],
    box,
    mask,
  };
}

function segmentMessage({ requestId, frame, model, version, parameters }: Proposals): ClientMessage {
  return {
    type: "frame.segment",
    request_id: requestId,
    frame,
    model,
    version,
    parameters: { ...parameters },
  };
}
