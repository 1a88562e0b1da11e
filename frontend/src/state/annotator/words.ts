// How objects, events and conflicts are named on screen.

import type { Conflict } from "../../protocol/messages";
import type { Annotator } from "./model";
import { type Track, tracksOf } from "./view";

export function objectName({ number }: Pick<Track, "number">): string {
  return number === null ? "New object" : `#${number}`;
}

/** The name of a track that may be unknown here. */
export function trackName(state: Annotator, track: string): string {
  const known = tracksOf(state).get(track);
  return known === undefined ? "An object" : objectName(known);
}

/** "#4, #7 and #9". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function conflictText(state: Annotator, { track, frame, current, author }: Conflict): string {
  const where = frame === null ? "" : ` on frame ${frame + 1}`;
  const own = author?.id === state.user.id; // what a person does here is no conflict
  const who = own ? "your job, or you in another window," : (author?.name ?? "somebody else");
  const gone =
    current === null ||
    (current.kind === "track" && current.deleted) ||
    (current.kind === "mask" && current.sha256 === null);
  return `${trackName(state, track)}${where} was ${gone ? "deleted" : "changed"} by ${who} meanwhile.`;
}
