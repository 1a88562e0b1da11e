// What happened to tracks: which events there are, how they are told, and the steps that correct tracks and events.

import type { EventRevision } from "../../protocol/messages";
import type { EventSet, Step } from "../../protocol/tracking";
import { counted, percent } from "../format";
import type { Annotator } from "./model";
import { type Occurrence, occurrencesOf } from "./occurrences";
import type { TrackGesture } from "./versions";
import { objectOf, remember, type Track, tracksOf } from "./view";
import { listed, trackName } from "./words";

/** What to ask for, but for the request's own name. */
export type TrackPlan = Omit<TrackGesture, "requestId">;

type EventKind = EventRevision["what"];

/** The events whose tracks are still there, with those alone, in the order of their frames. */
export function livingEvents(state: Annotator): readonly EventRevision[] {
  return inOrder(occurrencesOf(state));
}

const inOrder = remember((occurrences: readonly Occurrence[]): readonly EventRevision[] =>
  occurrences
    .map(({ event, parents, children }) => ({ ...event, parents: idsOf(parents), children: idsOf(children) }))
    .sort((a, b) => a.last_frame - b.last_frame || a.first_frame - b.first_frame),
);

const idsOf = (tracks: readonly Track[]) => tracks.map(({ track }) => track);

/** Those of the chosen objects, and those next to the frame in sight. */
export function eventsInSight(state: Annotator): readonly EventRevision[] {
  const chosen = new Set(chosenTracks(state));
  const { frame } = state;
  return livingEvents(state).filter(
    ({ parents, children, first_frame, last_frame }) =>
      parents.some((track) => chosen.has(track)) ||
      children.some((track) => chosen.has(track)) ||
      (first_frame <= frame + 1 && last_frame >= frame - 1),
  );
}

/** "#4 and #7 → #12". */
export function eventText(
  state: Annotator,
  { what, parents, children }: Pick<EventRevision, "what" | "parents" | "children">,
): string {
  const [before, after] = [parents, children].map((tracks) =>
    listed(tracks.map((track) => trackName(state, track))),
  );
  switch (what) {
    case "merge":
    case "split":
      return `${before} → ${after}`;
    case "contact":
      return `${before} touch`;
    case "birth":
      return `${after} appears`;
    case "dissolution":
      return `${before} dissolves`;
    case "exit":
      return `${before} leaves the image`;
  }
}

/** "between frames 30 and 31, 92 %". */
export function eventWhen({
  first_frame,
  last_frame,
  confidence,
}: Pick<EventRevision, "first_frame" | "last_frame" | "confidence">): string {
  const frames = `between frames ${first_frame + 1} and ${last_frame + 1}`;
  return confidence === null ? frames : `${frames}, ${percent(confidence)}`;
}

/** The objects that are meant, on this frame or not: the marked ones, else the selected one. */
export function chosenTracks(state: Pick<Annotator, "marked" | "selection" | "tracks" | "pending" | "past">) {
  const { marked, selection } = state;
  const meant = marked.size > 0 ? [...marked] : selection === null ? [] : [selection.track];
  const tracks = tracksOf(state);
  return meant.filter((track) => tracks.get(track)?.deleted === false);
}

/** Adds an object to those that are meant, or takes it out. */
export function mark(state: Annotator, track: string): Annotator {
  const chosen = new Set(chosenTracks(state));
  if (!chosen.delete(track)) {
    const marked = chosen.add(track);
    return {
      ...state,
      marked: marked.size > 1 ? marked : new Set(),
      selection: { track, lasting: true },
    };
  }
  const last = [...chosen].at(-1);
  const kept = state.selection?.track === track ? undefined : state.selection;
  const selection = kept ?? (last === undefined ? null : { track: last, lasting: true });
  return { ...state, marked: chosen.size > 1 ? chosen : new Set(), selection };
}

const onwards = (frame: number) => ({ first_frame: frame, last_frame: null });
const fromFrame = (frame: number) => `from frame ${frame + 1} on`;
const whereText = (frame: number, only: boolean) => (only ? `on frame ${frame + 1}` : fromFrame(frame));

const MOST_NAMES = 6; // a reason has its limit

function namesOf(state: Annotator, tracks: readonly string[]): string {
  return tracks.length > MOST_NAMES
    ? counted(tracks.length, "object")
    : listed(tracks.map((track) => trackName(state, track)));
}

/** The object's masks from this frame on, or on this frame only, become those of another track. */
export function changeId(state: Annotator, track: string, to: string, only: boolean): TrackPlan {
  const { frame } = state;
  const span = only ? { first_frame: frame, last_frame: frame } : onwards(frame);
  return {
    reason: `Change ${trackName(state, track)} to ${trackName(state, to)} ${whereText(frame, only)}`,
    steps: [{ op: "tracks.reassign", moves: [{ track, to }], ...span, collision: "refuse" }],
    select: to,
  };
}

/** From this frame on, or on this frame only, the object is a track of its own. */
export function cut(
  state: Annotator,
  track: string,
  newTrack: string,
  { only = false, phase }: { only?: boolean; phase?: string | null } = {},
): TrackPlan {
  const { steps } = changeId(state, track, newTrack, only);
  const verb = phase === undefined ? "Cut" : "Set the phase of";
  return {
    reason: `${verb} ${trackName(state, track)} ${whereText(state.frame, only)}`,
    steps: [trackLike(state, track, newTrack, phase), ...steps],
    select: newTrack,
  };
}

function trackLike(state: Annotator, track: string, newTrack: string, phase?: string | null): Step {
  const like = tracksOf(state).get(track);
  const own = phase === undefined ? (like?.phase ?? null) : phase;
  return { op: "track.create", track: newTrack, phase: own, name: like?.name ?? "" };
}

/** All masks of these objects become those of the one with the lowest number. */
export function join(state: Annotator, tracks: readonly string[]): TrackPlan | null {
  const number = (track: string) => tracksOf(state).get(track)?.number ?? Number.POSITIVE_INFINITY;
  const [kept, ...others] = [...tracks].sort((a, b) => number(a) - number(b));
  if (kept === undefined || others.length === 0) return null;
  return {
    reason: `Join ${namesOf(state, [kept, ...others])}`,
    steps: [
      {
        op: "tracks.reassign",
        moves: others.map((track) => ({ track, to: kept })),
        ...onwards(0),
        collision: "join",
      },
    ],
    select: kept,
  };
}

/** Each of the two has the other's masks from this frame on. */
export function exchange(state: Annotator, one: string, other: string): TrackPlan {
  const { frame } = state;
  return {
    reason: `Exchange ${trackName(state, one)} and ${trackName(state, other)} ${fromFrame(frame)}`,
    steps: [
      {
        op: "tracks.reassign",
        moves: [
          { track: one, to: other },
          { track: other, to: one },
        ],
        ...onwards(frame),
        collision: "refuse",
      },
    ],
    select: other,
  };
}

/** This is the last frame that the object is on; null where there is none after it. */
export function endHere(state: Annotator, track: string): TrackPlan | null {
  const { frame, series } = state;
  if (frame + 1 >= series.frames) return null;
  return {
    reason: `End ${trackName(state, track)} on frame ${frame + 1}`,
    steps: [{ op: "masks.delete", track, ...onwards(frame + 1) }],
    select: null,
  };
}

/** The objects' proposals become accepted ones: up to this frame, or all of them. */
export function acceptTracks(state: Annotator, tracks: readonly string[], upToHere: boolean): TrackPlan {
  const names = namesOf(state, tracks);
  const last_frame = upToHere ? state.frame : null;
  return {
    reason: upToHere ? `Accept ${names} up to frame ${state.frame + 1}` : `Accept ${names}`,
    steps: [{ op: "masks.accept", tracks: [...tracks], first_frame: 0, last_frame }],
    select: null,
  };
}

export function acceptFrames(first: number, last: number): TrackPlan {
  return {
    reason: `Accept frames ${first + 1} to ${last + 1}`,
    steps: [{ op: "masks.accept", tracks: null, first_frame: first, last_frame: last }],
    select: null,
  };
}

/**
 * Between the frame before and this one, the parents became the child. A child that was there before is cut, and what a
 * parent has from here on is the child's.
 */
export function markMerge(
  state: Annotator,
  { parents, child, newTrack, event }: { parents: string[]; child: string; newTrack: string; event: string },
): TrackPlan {
  const { frame } = state;
  const old = parents.includes(child) || wasThere(state, child);
  const receiver = old ? newTrack : child;
  const moved = parents.filter((track) => track !== child && objectOf(state, track, frame) !== undefined);
  if (old) moved.unshift(child);
  const steps: Step[] = [];
  if (old) steps.push(trackLike(state, child, newTrack));
  if (moved.length > 0) {
    const moves = moved.map((track) => ({ track, to: receiver }));
    steps.push({ op: "tracks.reassign", moves, ...onwards(frame), collision: "join" });
  }
  steps.push(eventHere(state, "merge", event, parents, [receiver]));
  const names = namesOf(state, parents);
  return { reason: `Mark a merge of ${names} on frame ${frame + 1}`, steps, select: receiver };
}

/** Between the frame before and this one, the parent became the children. Children that were there before are cut. */
export function markSplit(
  state: Annotator,
  {
    parent,
    children,
    newTracks,
    event,
  }: { parent: string; children: string[]; newTracks: ReadonlyMap<string, string>; event: string },
): TrackPlan {
  const { frame } = state;
  const moves = children
    .filter((track) => track === parent || wasThere(state, track))
    .map((track) => ({ track, to: newTracks.get(track) ?? track }));
  const receivers = new Map(moves.map(({ track, to }) => [track, to]));
  const steps: Step[] = moves.map(({ track, to }) => trackLike(state, track, to));
  if (moves.length > 0) {
    steps.push({ op: "tracks.reassign", moves, ...onwards(frame), collision: "refuse" });
  }
  const named = children.map((track) => receivers.get(track) ?? track);
  steps.push(eventHere(state, "split", event, [parent], named));
  return {
    reason: `Mark a split of ${trackName(state, parent)} on frame ${frame + 1}`,
    steps,
    select: named[0] ?? null,
  };
}

function wasThere(state: Annotator, track: string): boolean {
  return state.frame > 0 && objectOf(state, track, state.frame - 1) !== undefined;
}

function eventHere(
  { frame }: Annotator,
  what: EventKind,
  event: string,
  parents: string[],
  children: string[],
): EventSet {
  const frames = { first_frame: frame - 1, last_frame: frame };
  return { op: "event.set", event, what, ...frames, parents, children, confidence: null, state: "accepted" };
}

export function confirmEvent(living: EventRevision): TrackPlan {
  const { event, what, first_frame, last_frame, parents, children, confidence } = living;
  const frames = { first_frame, last_frame };
  return {
    reason: `Confirm a ${what}`,
    steps: [{ op: "event.set", event, what, ...frames, parents, children, confidence, state: "accepted" }],
    select: null,
  };
}

export function removeEvent({ event, what }: EventRevision): TrackPlan {
  return { reason: `Remove a ${what}`, steps: [{ op: "event.delete", event }], select: null };
}

/** How a merge or a split can be undone: which track goes on as which other, the largest parent first. */
export function waysBack(state: Annotator, event: EventRevision): { track: string; to: string }[] {
  const { what, parents, children, first_frame, last_frame } = event;
  const by = (frame: number) => (a: string, b: string) => area(state, b, frame) - area(state, a, frame);
  const [parent] = parents;
  const [child] = children;
  if (what === "merge" && child !== undefined) {
    return [...parents].sort(by(first_frame)).map((to) => ({ track: child, to }));
  }
  if (what === "split" && parent !== undefined) {
    return [...children].sort(by(last_frame)).map((track) => ({ track, to: parent }));
  }
  return [];
}

function area(state: Annotator, track: string, frame: number): number {
  return objectOf(state, track, frame)?.area_px ?? 0;
}

/** There was no such event: the one track is the other, from where the event was. */
export function undoEvent({ event, what, last_frame }: EventRevision, track: string, to: string): TrackPlan {
  const moves = [{ track, to }];
  return {
    reason: `Undo a ${what}`,
    steps: [
      { op: "event.delete", event },
      { op: "tracks.reassign", moves, ...onwards(last_frame), collision: "refuse" },
    ],
    select: to,
  };
}

/** The same once more where two masks stood in one place: one of both, one of them, or the objects are exchanged. */
export function afterCollision(
  steps: readonly Step[],
  way: "join" | "replace" | "keep" | "exchange",
): Step[] {
  return steps.map((step) => {
    if (step.op !== "tracks.reassign") return step;
    if (way !== "exchange") return { ...step, collision: way };
    return {
      ...step,
      moves: step.moves.flatMap(({ track, to }) => [
        { track, to },
        { track: to, to: track },
      ]),
    };
  });
}

/** The two objects that a collision is between: the one that moves, and the one that it moves to. */
export function collidingPair(steps: readonly Step[]): readonly [moved: string, there: string] | null {
  const [step] = steps;
  const move = mayExchange(steps) && step?.op === "tracks.reassign" ? step.moves[0] : undefined;
  return move === undefined ? null : [move.track, move.to];
}

/** Whether exchanging is an answer: one object takes another's place, and neither is new. */
export function mayExchange(steps: readonly Step[]): boolean {
  const [step] = steps;
  return steps.length === 1 && step?.op === "tracks.reassign" && step.moves.length === 1;
}
