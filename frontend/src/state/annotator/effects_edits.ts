// Sends what is asked of whole tracks, once what lies before it is settled; after a lost connection, the same again.

import type * as Api from "../../protocol/api";
import { type ApiError, asApiError } from "../../protocol/errors";
import type { Changeset, Conflict } from "../../protocol/messages";
import type { Annotator, Asked } from "./model";
import type { Store } from "./store";
import { isDue, type Refusal } from "./versions";

export type EditApi = Pick<typeof Api, "editTracks" | "takeBack">;

const AGAIN_MS = 2000;

/** Answers `asked` of the store from here on. Returns what ends it. */
export function startEdits(store: Store, api: EditApi): () => void {
  const { id } = store.state.peek().series;
  let sending: { requestId: string; seen: number } | null = null;
  let waiting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const stopWatching = store.watch(send);

  function send(state: Annotator): void {
    const { asked, connection } = state;
    if (asked === null || connection !== "online" || !isDue(state)) return;
    const again = sending?.requestId === asked.requestId;
    if (again && !waiting) return;
    clearTimeout(timer);
    waiting = false;
    // The same request twice: also what was seen is that of the first time.
    if (!again || sending === null) sending = { requestId: asked.requestId, seen: state.head };
    post(asked, sending.seen).then(
      (changeset) => {
        if (!closed) store.dispatch({ type: "changeset/made", changeset });
      },
      (cause) => {
        const error = asApiError(cause);
        if (closed) return;
        if (!error.offline) {
          store.dispatch({ type: "tracks/refused", requestId: asked.requestId, refusal: refusalOf(error) });
          return;
        }
        timer = setTimeout(() => {
          waiting = true;
          send(store.state.peek());
        }, AGAIN_MS);
      },
    );
  }

  /** The server answers a repeated request with what it has made of the first. */
  function post(asked: Asked, seen: number): Promise<Changeset> {
    const { requestId, reason } = asked;
    if (asked.what === "take back") {
      return api.takeBack(id, { request_id: requestId, action: asked.action });
    }
    if (asked.what === "take back of object") {
      const { track, frame } = asked;
      return api.takeBack(id, { request_id: requestId, track, frame });
    }
    return api.editTracks(id, { request_id: requestId, reason, seen, steps: [...asked.steps] });
  }

  return () => {
    closed = true;
    clearTimeout(timer);
    stopWatching();
  };
}

function refusalOf({ code, message, details }: ApiError): Refusal {
  const conflicts = Array.isArray(details["conflicts"]) ? (details["conflicts"] as Conflict[]) : [];
  return { code, message, conflicts };
}
