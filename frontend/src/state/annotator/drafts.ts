// Work that is not committed yet: prompts and their candidates, strokes, proposals; and what accepting them commits.

import { areaPx, decoded, difference, encode, intersection, type Runs, union } from "../../geometry/rle";
import { type StrokePoint, strokeRuns } from "../../geometry/stroke";
import type { Candidate, MaskRle, MaskSet, Origin } from "../../protocol/messages";
import { commit } from "./history";
import type { Annotator, Operation, StrokeDraft } from "./model";
import { following, promptHere } from "./prompt";
import { objectOf, objectsOn, openCommits, tracksOf } from "./view";

const UNTRACKED = { tracker: null, tracker_hash: null, confidence: null, bridged: false };
export const BY_HAND: Origin = {
  model: null,
  model_hash: null,
  points: [],
  box: null,
  score: null,
  edited: false,
  ...UNTRACKED,
};

/** The mask that Enter would accept, if one is on offer on the frame in sight. */
export function chosenCandidate(state: Annotator): Candidate | null {
  const prompt = promptHere(state);
  return prompt?.answer?.candidates[prompt.chosen] ?? null;
}

export function cycleCandidates(state: Annotator, step: number): Annotator {
  const { prompt } = state;
  const count = prompt?.answer?.candidates.length ?? 0;
  if (prompt === null || count === 0) return state;
  return { ...state, prompt: { ...prompt, chosen: (prompt.chosen + step + count) % count } };
}

/** The track that an accepted candidate goes to: the one that is refined, the selected one where this frame lacks it,
 * else a new one. */
export function receivingTrack(state: Annotator): string | null {
  const refined = refinedTrack(state);
  if (refined !== null) return refined;
  const track = state.selection?.track;
  if (track === undefined || (tracksOf(state).get(track)?.deleted ?? true)) return null;
  return objectOf(state, track, state.frame) === undefined ? track : null;
}

/** The object whose mask the prompt on this frame refines. */
export function refinedTrack(state: Annotator): string | null {
  const track = promptHere(state)?.track ?? null;
  return track !== null && tracksOf(state).get(track)?.deleted === false ? track : null;
}

/** `newTrack` names the object where accepting makes one. */
export function acceptCandidate(state: Annotator, requestId: string, newTrack: string): Annotator {
  const { prompt } = state;
  const candidate = chosenCandidate(state);
  if (prompt === null || prompt.answer === null || candidate === null || candidate.area_px === 0)
    return state;
  const origin: Origin = {
    model: prompt.model,
    model_hash: prompt.answer.modelHash,
    points: [...prompt.points],
    box: prompt.box,
    score: candidate.score,
    edited: prompt.answer.edited,
    ...UNTRACKED,
  };
  const existing = receivingTrack(state);
  const track = existing ?? newTrack;
  const operations: Operation[] = [setMask(track, prompt.frame, candidate.mask, origin)];
  if (existing === null) operations.unshift({ op: "track.create", track, phase: state.phase, name: "" });
  const selection = existing === null ? { track, lasting: false } : state.selection;
  const reason = refinedTrack(state) === null ? "Accept a mask" : "Refine a mask";
  const from = existing === prompt.track ? prompt.from : null;
  return commit({ ...state, prompt: null, selection }, { requestId, reason, operations }, from);
}

export function extendStroke(state: Annotator, point: StrokePoint): Annotator {
  const { stroke } = state;
  return stroke === null ? state : { ...state, stroke: { ...stroke, path: [...stroke.path, point] } };
}

/** The mask under a stroke as it will be, and as it is; null where there is nothing to change. */
export function strokeResult(
  state: Annotator,
  stroke: StrokeDraft,
): { before: MaskRle | null; after: Runs } | null {
  const swept = strokeRuns(stroke, state.series.height, state.series.width);
  const before = strokeTarget(state, stroke);
  if (before === null) return stroke.mode === "paint" ? { before, after: swept } : null;
  const runs = decoded(before);
  return { before, after: stroke.mode === "paint" ? union(runs, swept) : difference(runs, swept) };
}

/** What a stroke changes: the mask of its track, or the candidate on offer. */
function strokeTarget(state: Annotator, stroke: StrokeDraft): MaskRle | null {
  if (stroke.track !== null) return objectOf(state, stroke.track, stroke.frame)?.mask ?? null;
  return chosenCandidate(state)?.mask ?? null;
}

/** One finished stroke is one commit, or one touch-up of the candidate on offer. */
export function finishStroke(state: Annotator, requestId: string, newTrack: string): Annotator {
  const { stroke } = state;
  if (stroke === null) return state;
  const idle = { ...state, stroke: null };
  const result = strokeResult(state, stroke);
  if (result === null) return idle;
  const paints = stroke.mode === "paint";
  return applyDrawn(idle, requestId, {
    ...result,
    frame: stroke.frame,
    track: stroke.track,
    newTrack,
    reasons: {
      create: "Paint a new object",
      change: paints ? "Paint a mask" : "Erase from a mask",
      remove: "Erase a mask",
    },
  });
}

/** A mask as a person has drawn it. */
export interface DrawnMask {
  readonly frame: number;
  readonly before: MaskRle | null;
  readonly after: Runs;
  /** Whose mask it is; null: the candidate's on offer where there is one before, else a new object's. */
  readonly track: string | null;
  readonly newTrack: string;
  readonly reasons: { readonly create: string; readonly change: string; readonly remove: string };
}

/** One commit, or one touch-up of the candidate on offer; nothing where nothing changed. */
export function applyDrawn(state: Annotator, requestId: string, drawn: DrawnMask): Annotator {
  const { frame, before, after, reasons } = drawn;
  const mask = encode(after);
  const area = areaPx(after);
  if (before?.counts === mask.counts || (before === null && area === 0)) return state;
  if (drawn.track === null && before !== null) return touchUp(state, mask, area);
  const track = drawn.track ?? drawn.newTrack;
  if (area === 0) {
    const operations = [removal(state, track, frame)];
    return commit(state, { requestId, reason: reasons.remove, operations });
  }
  const object = objectOf(state, track, frame);
  const origin = object === undefined ? BY_HAND : { ...object.origin, edited: true };
  const operations: Operation[] = [setMask(track, frame, mask, origin)];
  if (drawn.track !== null) return commit(state, { requestId, reason: reasons.change, operations });
  operations.unshift({ op: "track.create", track, phase: state.phase, name: "" });
  const selection = { track, lasting: false };
  return commit({ ...state, selection }, { requestId, reason: reasons.create, operations });
}

export function touchUp(state: Annotator, mask: MaskRle, area_px: number): Annotator {
  const { prompt } = state;
  if (prompt === null || prompt.answer === null) return state;
  const candidates = prompt.answer.candidates.map((candidate, index) =>
    index === prompt.chosen ? { ...candidate, mask, area_px } : candidate,
  );
  const touched = { ...prompt, answer: { ...prompt.answer, candidates, edited: true } };
  return { ...state, prompt: following(prompt, touched) };
}

/** Removes a mask, and the whole track where that is known to be its only one. */
export function removal(state: Annotator, track: string, frame: number): Operation {
  const elsewhere = state.timeline.filter((mark) => mark.frame !== frame);
  const unsent = openCommits(state.pending).some(({ operations }) =>
    operations.some(
      (operation) => operation.op === "mask.set" && operation.track === track && operation.frame !== frame,
    ),
  );
  const alone =
    state.series.frames === 1 ||
    (!unsent &&
      elsewhere.every((mark) => {
        const masks = state.frames.get(mark.frame);
        return masks?.loaded === true && objectOf(state, track, mark.frame) === undefined;
      }));
  return alone ? { op: "track.delete", track } : { op: "mask.delete", track, frame };
}

/** Proposals that the slider lets through, are not taken, and cover no object that is there already. */
export function openProposals(state: Annotator): { index: number; item: Candidate }[] {
  const { proposals } = state;
  if (proposals === null || proposals.answer === null) return [];
  const present = objectsOn(state, proposals.frame).map(({ mask }) => decoded(mask));
  return proposals.answer.items
    .map((item, index) => ({ item, index }))
    .filter(({ item, index }) => {
      if (proposals.taken.has(index) || (item.score ?? 1) < proposals.minimumScore) return false;
      const runs = decoded(item.mask);
      return !present.some((other) => overlap(runs, other) >= 0.5);
    });
}

/** Intersection over union. */
function overlap(a: Runs, b: Runs): number {
  const shared = areaPx(intersection(a, b));
  return shared === 0 ? 0 : shared / (areaPx(a) + areaPx(b) - shared);
}

/** Accepts proposals as new objects; `accepted` pairs an item's index with its new track. */
export function acceptProposals(
  state: Annotator,
  requestId: string,
  accepted: readonly (readonly [index: number, track: string])[],
): Annotator {
  const { proposals } = state;
  if (proposals === null || proposals.answer === null || accepted.length === 0) return state;
  const { frame, model, answer } = proposals;
  const manyPhases = answer.items.some((item) => item.phase > 0);
  const operations: Operation[] = [];
  for (const [index, track] of accepted) {
    const item = answer.items[index];
    if (item === undefined) continue;
    const trained = answer.phases[item.phase] ?? null;
    const ordered = manyPhases && answer.phases.length === 0 ? state.phases[item.phase]?.id : undefined;
    const phase = trained ?? ordered ?? state.phase;
    const origin: Origin = { ...BY_HAND, model, model_hash: answer.modelHash, score: item.score };
    operations.push({ op: "track.create", track, phase, name: "" }, setMask(track, frame, item.mask, origin));
  }
  const taken = new Set([...proposals.taken, ...accepted.map(([index]) => index)]);
  const next = commit(
    { ...state, proposals: { ...proposals, taken } },
    { requestId, reason: accepted.length === 1 ? "Accept a proposal" : "Accept proposals", operations },
  );
  return openProposals(next).length === 0 ? { ...next, proposals: null } : next;
}

export function setMask(track: string, frame: number, mask: MaskRle, origin: Origin): MaskSet {
  return { op: "mask.set", track, frame, mask, origin, state: "accepted", order: null };
}
