// What happened to tracks, among those that are still there. Pure.

import type { EventRevision } from "../../protocol/messages";
import type { Annotator, Events } from "./model";
import { type Track, tracksOf } from "./view";

/** An event whose tracks are there: deleted ones are left out, and a join that lacks a side with them. */
export interface Occurrence {
  readonly event: EventRevision;
  readonly parents: readonly Track[];
  readonly children: readonly Track[];
}

/** Merges and splits by the tracks that they concern. */
export interface Joins {
  readonly all: readonly Occurrence[];
  /** What each track came from. */
  readonly into: ReadonlyMap<string, readonly Occurrence[]>;
  /** What became of each track. */
  readonly outOf: ReadonlyMap<string, readonly Occurrence[]>;
}

type TrackViews = ReadonlyMap<string, Track>;

let last: { events: Events; tracks: TrackViews; found: readonly Occurrence[]; joins: Joins } | null = null;

function remembered(state: Annotator) {
  const events = state.past?.events ?? state.events;
  const tracks = tracksOf(state);
  if (last?.events !== events || last.tracks !== tracks) {
    const found = occurrencesAmong(events, tracks);
    last = { events, tracks, found, joins: joinsAmong(found) };
  }
  return last;
}

/** Of the version in sight. */
export const occurrencesOf = (state: Annotator): readonly Occurrence[] => remembered(state).found;

export const joinsOf = (state: Annotator): Joins => remembered(state).joins;

export function isJoin({ event }: Occurrence): boolean {
  return event.what === "merge" || event.what === "split";
}

export function occurrencesAmong(events: Events, tracks: TrackViews): readonly Occurrence[] {
  const living = (ids: readonly string[]) =>
    ids.map((id) => tracks.get(id)).filter((track): track is Track => track?.deleted === false);
  const found: Occurrence[] = [];
  for (const event of events.values()) {
    if (event.deleted) continue;
    const occurrence = { event, parents: living(event.parents), children: living(event.children) };
    if (stands(occurrence)) found.push(occurrence);
  }
  return found;
}

function stands({ event, parents, children }: Occurrence): boolean {
  if (event.what === "merge") return parents.length >= 2 && children.length >= 1;
  if (event.what === "split") return parents.length >= 1 && children.length >= 2;
  return parents.length + children.length > 0;
}

export function joinsAmong(found: readonly Occurrence[]): Joins {
  const all = found.filter(isJoin);
  const into = new Map<string, Occurrence[]>();
  const outOf = new Map<string, Occurrence[]>();
  for (const join of all) {
    for (const { track } of join.children) into.set(track, [...(into.get(track) ?? []), join]);
    for (const { track } of join.parents) outOf.set(track, [...(outOf.get(track) ?? []), join]);
  }
  return { all, into, outOf };
}
