// Proposals that are stored: which wait where, which are lit by the score, and what accepting or discarding commits.

import type { MaskSet } from "../../protocol/messages";
import type { ProposalFilter } from "../../protocol/segmentation";
import { removal } from "./drafts";
import { commit } from "./history";
import type { Annotator, Scope } from "./model";
import { frameCounts, isLoaded, type ObjectOnFrame, objectOf, objectsOn } from "./view";

type Direction = 1 | -1;

/** The proposals of a frame that are not hidden, in drawing order. */
export function storedProposals(state: Annotator, frame: number): readonly ObjectOnFrame[] {
  return objectsOn(state, frame).filter(
    (object) => object.state === "proposal" && !state.hidden.has(object.track.track),
  );
}

/** Whether the score slider lets a proposal through. One without a score counts as one of 0, as on the server. */
export function isLit(object: Pick<ObjectOnFrame, "origin">, minimum: number): boolean {
  return (object.origin.score ?? 0) >= minimum;
}

export function litProposals(state: Annotator, frame: number): readonly ObjectOnFrame[] {
  return storedProposals(state, frame).filter((object) => isLit(object, state.review.minimumScore));
}

/** How many proposals wait in the whole series. */
export function waitingCount(state: Annotator): number {
  let count = 0;
  for (const { proposals } of frameCounts(state).values()) count += proposals;
  return count;
}

/** The selected mask, if it is a proposal and on the frame in sight. */
export function selectedProposal(state: Annotator): ObjectOnFrame | undefined {
  if (state.selection === null) return undefined;
  const object = objectOf(state, state.selection.track, state.frame);
  return object?.state === "proposal" ? object : undefined;
}

/** Makes the masks of these tracks on the frame in sight accepted ones: pixels, origin and order stay. */
export function acceptStored(state: Annotator, tracks: readonly string[], requestId: string): Annotator {
  const operations = proposalsAmong(state, tracks).map(
    ({ track, mask, origin, order }): MaskSet => ({
      op: "mask.set",
      track: track.track,
      frame: state.frame,
      mask,
      origin,
      state: "accepted",
      order,
    }),
  );
  if (operations.length === 0) return state;
  const reason = operations.length === 1 ? "Accept a proposal" : "Accept proposals";
  return moveOn(commit(state, { requestId, reason, operations }), state);
}

export function discardStored(state: Annotator, tracks: readonly string[], requestId: string): Annotator {
  const operations = proposalsAmong(state, tracks).map(({ track }) =>
    removal(state, track.track, state.frame),
  );
  if (operations.length === 0) return state;
  const reason = operations.length === 1 ? "Discard a proposal" : "Discard proposals";
  return moveOn(commit(state, { requestId, reason, operations }), state);
}

function proposalsAmong(state: Annotator, tracks: readonly string[]): readonly ObjectOnFrame[] {
  const wanted = new Set(tracks);
  return storedProposals(state, state.frame).filter(({ track }) => wanted.has(track.track));
}

/** After a decision the next proposal of the frame is selected, so that one key follows the other. */
function moveOn(after: Annotator, before: Annotator): Annotator {
  const selected = selectedProposal(before);
  if (selected === undefined || selectedProposal(after) !== undefined) return after;
  const left = new Set(litProposals(after, after.frame).map(({ track }) => track.track));
  const candidates = storedProposals(before, before.frame).map(({ track }) => track.track);
  const at = candidates.indexOf(selected.track.track);
  const next = [...candidates.slice(at + 1), ...candidates.slice(0, at)].find((track) => left.has(track));
  return { ...after, selection: next === undefined ? null : { track: next, lasting: false } };
}

/** Selects the next lit proposal, on this frame or on the nearest one that has any; round at the ends. */
export function stepProposal(state: Annotator, direction: Direction): Annotator {
  const here = litProposals(state, state.frame);
  const at = here.findIndex(({ track }) => track.track === state.selection?.track);
  const next = at < 0 ? here.at(direction === 1 ? 0 : -1) : here[at + direction];
  if (next !== undefined) return select(state, next);
  return goOn(state, direction, state.frame);
}

/** What a step has been looking for is found as soon as the frame's masks are there. */
export function resumeSeek(state: Annotator): Annotator {
  const { seek } = state.review;
  if (seek === null || !isLoaded(state, state.frame)) return state;
  const found = litProposals(state, state.frame).at(seek.direction === 1 ? 0 : -1);
  return found === undefined ? goOn(state, seek.direction, seek.from) : select(state, found);
}

/** Shows the next frame that may have a lit proposal. Frames that are known to have none are passed over. */
function goOn(state: Annotator, direction: Direction, from: number): Annotator {
  const { frames } = state.series;
  const counts = frameCounts(state);
  for (let step = 1; step <= frames; step++) {
    const frame = (state.frame + direction * step + frames * step) % frames;
    if (frame === from) break; // once round
    if ((counts.get(frame)?.proposals ?? 0) === 0) continue;
    const found = litProposals(state, frame).at(direction === 1 ? 0 : -1);
    if (found !== undefined) return select(show(state, frame), found);
    if (!isLoaded(state, frame)) return seeking(show(state, frame), { direction, from });
  }
  const first = litProposals(state, from).at(direction === 1 ? 0 : -1);
  return first === undefined ? seeking(state, null) : select(show(state, from), first);
}

function show(state: Annotator, frame: number): Annotator {
  return { ...state, frame, selection: null, hovered: null, stroke: null, band: null, playing: false };
}

function seeking(state: Annotator, seek: Annotator["review"]["seek"]): Annotator {
  return { ...state, review: { ...state.review, seek } };
}

function select(state: Annotator, { track }: ObjectOnFrame): Annotator {
  return seeking({ ...state, selection: { track: track.track, lasting: false } }, null);
}

/** The frames that a scope means; null: all of them. */
export function framesOf(state: Annotator, what: Scope["what"]): ProposalFilter["frames"] {
  const { frame, scope } = state;
  const { from, to } = scope;
  if (what === "series") return null;
  return what === "frame" ? { from: frame, to: frame } : { from, to };
}

/** How many frames a job with this scope would segment. */
export function frameCount({ what, from, to, step }: Scope, frames: number): number {
  if (what === "frame") return 1;
  return what === "series" ? Math.ceil(frames / step) : Math.floor((to - from) / step) + 1;
}

/** Keeps a range within the series, its ends in order: the end that was not moved gives way. */
export function changedScope(scope: Scope, change: Partial<Scope>, frames: number): Scope {
  const within = (value: number) => Math.min(frames - 1, Math.max(0, Math.round(value)));
  const next = { ...scope, ...change };
  const from = within(next.from);
  const to = within(next.to);
  const step = Math.min(frames, Math.max(1, Math.round(next.step)));
  if (from <= to) return { ...next, from, to, step };
  return change.to === undefined ? { ...next, from, to: from, step } : { ...next, from: to, to, step };
}

export interface Meant {
  readonly count: number;
  readonly exact: boolean;
}

/** How many proposals of these frames reach the score; undefined where only the server could say. */
export function countMeant(state: Annotator, what: Scope["what"]): Meant | undefined {
  const { minimumScore } = state.review;
  if (what === "frame") return { count: litProposals(state, state.frame).length, exact: true };
  if (minimumScore === 0) return { count: countOn(state, what), exact: true };
  // After a decision the scores are those of before until the server has counted anew.
  if (state.proposalSummary?.count !== waitingCount(state)) return undefined;
  if (minimumScore <= lowestScore(state)) return { count: countOn(state, what), exact: true };
  if (what === "range") return undefined;
  const { scores } = state.proposalSummary;
  const edge = minimumScore * scores.length;
  const shareOf = (bin: number) => Math.min(1, Math.max(0, bin + 1 - edge));
  const above = scores.reduce((sum, count, bin) => sum + count * shareOf(bin), 0);
  return { count: Math.round(above), exact: Math.abs(edge - Math.round(edge)) < 1e-6 };
}

/** How many do not reach it. */
export function countBelow(state: Annotator, what: Scope["what"]): Meant | undefined {
  const above = countMeant(state, what);
  if (above === undefined) return undefined;
  const all = what === "frame" ? storedProposals(state, state.frame).length : countOn(state, what);
  return { count: Math.max(0, all - above.count), exact: above.exact };
}

function countOn(state: Annotator, what: Scope["what"]): number {
  const frames = framesOf(state, what);
  let count = 0;
  for (const { frame, proposals } of frameCounts(state).values()) {
    if (frames === null || (frame >= frames.from && frame <= frames.to)) count += proposals;
  }
  return count;
}

/** Where scores begin: the lower edge of the first bin that holds any. */
export function lowestScore({ proposalSummary }: Pick<Annotator, "proposalSummary">): number {
  if (proposalSummary === null || proposalSummary.unscored > 0) return 0;
  const { scores } = proposalSummary;
  const first = scores.findIndex((count) => count > 0);
  return first < 0 ? 0 : first / scores.length;
}
