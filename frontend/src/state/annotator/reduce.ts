// Every change of the annotator's state, in one pure function. IDs come with the actions, so replays agree.

import type { Point, StrokePoint } from "../../geometry/stroke";
import type { DifferencePage } from "../../protocol/history";
import type { PromptPoint, ServerMessage } from "../../protocol/messages";
import type { ModelChoice } from "../../protocol/models";
import type { Job, Lanes as LanesAnswer, SeriesState, TimelineFrame } from "../../protocol/rest";
import type { ProposalSummary } from "../../protocol/segmentation";
import type { TrackingRequest } from "../../protocol/tracking";
import { type Choices, settleConflict } from "./conflicts";
import { countDifference, loadDifference, nextChanged, openDifference } from "./difference";
import { acceptCandidate, acceptProposals, cycleCandidates, extendStroke, finishStroke } from "./drafts";
import { commit, forget, type Gesture, reapply, recall } from "./history";
import { askedForLanes, lanesFailed, loadedLanes, runsOf } from "./lanes";
import { mark } from "./lineage";
import { applyChangeset, mergeFrame, receive } from "./merge";
import type {
  Annotator,
  Asked,
  Box,
  Connection,
  Display,
  Drawing,
  Keeping,
  OutlineDraft,
  PendingCommit,
  PromptDraft,
  Review,
  Scope,
  Segmenter,
  Selection,
  StrokeDraft,
  ToolName,
  Tracking,
} from "./model";
import { finishOutline, withMode } from "./outline";
import { addPoint, askAgain, setBox } from "./prompt";
import { acceptStored, changedScope, discardStored, resumeSeek, stepProposal } from "./review";
import { chosenSegmenter, leastScore } from "./segmenters";
import { changeShapes, type ShapeChange } from "./shapes";
import { changedTracking } from "./tracking";
import { redo, undo, undoCorner, undoPrompt } from "./undo";
import {
  askEdit,
  askObjectUndo,
  noteAction,
  type Refusal,
  refuse,
  restored,
  type TrackGesture,
} from "./versions";
import { mayEdit, phaseReceiver } from "./view";
import { changeView, type ViewAction } from "./viewing";

type Changeset = Parameters<typeof applyChangeset>[1];

/** Actions of the network and of the browser's storage. */
export type Report =
  | { type: "server"; message: ServerMessage }
  | { type: "connection"; connection: Connection }
  | { type: "frame/loaded"; state: SeriesState }
  | { type: "timeline/loaded"; frames: readonly TimelineFrame[] }
  | { type: "lanes/asked" }
  | { type: "lanes/loaded"; lanes: LanesAnswer }
  | { type: "lanes/failed" }
  | { type: "past/lanes"; lanes: LanesAnswer }
  | { type: "proposals/counted"; summary: ProposalSummary }
  | { type: "job"; job: Job }
  | { type: "job/dismiss"; job: string }
  | { type: "tracking/started"; request: TrackingRequest }
  | { type: "series/model"; choice: ModelChoice }
  | { type: "changeset/made"; changeset: Changeset }
  | { type: "past/loaded"; state: SeriesState }
  | { type: "difference/counted"; page: DifferencePage }
  | { type: "difference/loaded"; state: SeriesState }
  | { type: "restored"; requestId: string; changeset: Changeset }
  | {
      type: "kept/found";
      pending: readonly PendingCommit[];
      prompt: PromptDraft | null;
      asked: Asked | null;
      requestId: string;
    }
  | { type: "keeping"; change: Partial<Keeping> }
  | { type: "action/made"; requestId: string; reason: string }
  | { type: "tracks/refused"; requestId: string; refusal: Refusal }
  | { type: "notice"; text: string | null };

/** Actions that anybody may take. */
export type Look =
  | { type: "frame/show"; frame: number }
  | { type: "past/open"; version: number }
  | { type: "past/close" }
  | { type: "difference/open"; from: number; to: number }
  | { type: "difference/step"; direction: 1 | -1 }
  | { type: "selection"; selection: Selection | null }
  /** What was only just made stays selected on other frames too. */
  | { type: "selection/keep" }
  | { type: "mark"; track: string }
  | { type: "hover"; track: string | null }
  | { type: "hidden"; track: string; hidden: boolean }
  | { type: "display"; change: Partial<Display> }
  | { type: "tool"; tool: ToolName }
  | { type: "model"; model: string; requestId: string }
  | { type: "segmenter"; segmenter: Segmenter }
  | { type: "scope"; change: Partial<Scope> }
  | { type: "tracking"; change: Partial<Tracking> }
  | { type: "retrack/dismiss" }
  | { type: "review"; change: Partial<Omit<Review, "seek">> }
  | { type: "review/step"; direction: 1 | -1 }
  | { type: "brush"; diameter: number }
  | { type: "drawing"; change: Partial<Drawing> }
  | { type: "play"; playing: boolean }
  | { type: "rate"; framesPerSecond: number }
  | ViewAction;

/** Actions that lead to commits: nothing happens where the user may not edit. */
export type Edit =
  /** `refines`: the object whose mask a first point refines. */
  | { type: "prompt/point"; point: PromptPoint; refines?: string | null; requestId: string }
  | { type: "band"; band: Box | null }
  | { type: "prompt/box"; box: Box; requestId: string }
  | { type: "prompt/back"; requestId: string }
  | { type: "prompt/again"; requestId: string }
  | { type: "prompt/cycle"; step: number }
  | { type: "prompt/accept"; requestId: string; track: string }
  | { type: "prompt/cancel" }
  | { type: "stroke/begin"; stroke: StrokeDraft }
  | { type: "stroke/extend"; point: StrokePoint }
  | { type: "stroke/finish"; requestId: string; track: string }
  | { type: "stroke/cancel" }
  | { type: "outline"; outline: OutlineDraft | null }
  | { type: "outline/back" }
  /** `closing`: the way from the last corner to the first; empty: straight. */
  | { type: "outline/finish"; closing: readonly Point[]; requestId: string; track: string }
  | { type: "shapes"; change: ShapeChange; requestId: string }
  | { type: "segment"; requestId: string }
  | { type: "proposals/score"; minimum: number }
  | {
      type: "proposals/accept";
      requestId: string;
      accepted: readonly (readonly [index: number, track: string])[];
    }
  | { type: "proposals/dismiss" }
  | { type: "review/accept"; tracks: readonly string[]; requestId: string }
  | { type: "review/discard"; tracks: readonly string[]; requestId: string }
  | { type: "phase"; phase: string; requestId: string }
  | { type: "commit"; gesture: Gesture }
  | { type: "tracks/edit"; gesture: TrackGesture }
  | { type: "tracks/let-go" }
  | { type: "undo"; requestId: string }
  | { type: "undo/object"; track: string; requestId: string }
  | { type: "redo"; requestId: string }
  | { type: "problem/discard"; requestId: string }
  | { type: "problem/reapply"; requestId: string; newRequestId: string }
  | { type: "problem/settle"; requestId: string; newRequestId: string; choices: Choices };

export type Action = Report | Look | Edit;

export const LARGEST_BRUSH = 400;

export function reduce(state: Annotator, action: Action): Annotator {
  const next = react(state, action);
  // Whoever chooses another object means it alone.
  const alone = next.selection?.track !== state.selection?.track && action.type !== "mark";
  return alone && next.marked.size > 0 ? { ...next, marked: new Set() } : next;
}

function react(state: Annotator, action: Action): Annotator {
  switch (action.type) {
    case "server":
      return receive(state, action.message);
    case "connection":
      // What a server that is gone holds ready is not known.
      return { ...state, connection: action.connection, ready: new Set() };
    case "frame/loaded":
      return resumeSeek(mergeFrame(state, action.state));
    case "timeline/loaded":
      return { ...state, timeline: action.frames };
    case "lanes/asked":
      return { ...state, lanes: askedForLanes(state.lanes) };
    case "lanes/loaded":
      return { ...state, lanes: loadedLanes(state.lanes, action.lanes) };
    case "lanes/failed":
      return { ...state, lanes: lanesFailed(state.lanes) };
    case "past/lanes":
      if (state.past?.version !== action.lanes.version) return state;
      return { ...state, past: { ...state.past, runs: runsOf(action.lanes) } };
    case "proposals/counted":
      return { ...state, proposalSummary: action.summary };
    case "job":
      return { ...state, jobs: withJob(state.jobs, action.job) };
    case "job/dismiss":
      return { ...state, jobs: state.jobs.filter(({ id }) => id !== action.job) };
    case "tracking/started":
      return { ...state, lastTracking: action.request, corrected: null };
    case "series/model":
      return { ...state, seriesModel: action.choice };
    case "changeset/made":
      return applyChangeset(state, action.changeset);
    case "past/loaded":
      return mergePast(state, action.state);
    case "difference/counted":
      return countDifference(state, action.page);
    case "difference/loaded":
      return loadDifference(state, action.state);
    case "restored":
      return restored(applyChangeset(state, action.changeset), action.requestId, action.changeset);
    case "kept/found":
      return { ...state, ...kept(state, action) };
    case "keeping":
      return { ...state, keeping: { ...state.keeping, ...action.change } };
    case "action/made":
      return noteAction(state, action.requestId, action.reason);
    case "tracks/refused":
      return refuse(state, action.requestId, action.refusal);
    case "notice":
      return { ...state, notice: action.text };
    case "frame/show":
      return showFrame(state, action.frame);
    case "past/open": {
      const past = {
        version: action.version,
        tracks: new Map(),
        events: new Map(),
        frames: new Map(),
        runs: null,
        calibration: null,
      };
      return { ...state, past, difference: null, selection: null, stroke: null, band: null };
    }
    case "past/close":
      return { ...state, past: null, difference: null };
    case "difference/open":
      return openDifference(state, action.from, action.to);
    case "difference/step":
      return showFrame(state, nextChanged(state, action.direction) ?? state.frame);
    case "selection":
      return { ...state, selection: action.selection, marked: new Set() };
    case "selection/keep":
      return { ...state, selection: state.selection && { ...state.selection, lasting: true } };
    case "mark":
      return mark(state, action.track);
    case "hover":
      return state.hovered === action.track ? state : { ...state, hovered: action.track };
    case "hidden": {
      const hidden = new Set(state.hidden);
      if (action.hidden) hidden.add(action.track);
      else hidden.delete(action.track);
      return { ...state, hidden };
    }
    case "display":
      return { ...state, display: { ...state.display, ...action.change } };
    case "tool":
      return { ...state, tool: action.tool, hovered: null, stroke: null, band: null };
    case "model":
      return askAgain({ ...state, model: action.model }, action.requestId);
    case "segmenter":
      return { ...state, segmenter: action.segmenter };
    case "scope":
      return { ...state, scope: changedScope(state.scope, action.change, state.series.frames) };
    case "tracking":
      return {
        ...state,
        tracking: changedTracking(state.tracking, action.change, state.series.frames),
      };
    case "retrack/dismiss":
      return { ...state, corrected: null };
    case "review":
      return { ...state, review: { ...state.review, ...action.change } };
    case "review/step":
      return stepProposal(state, action.direction);
    case "brush":
      return { ...state, brushDiameter: Math.min(LARGEST_BRUSH, Math.max(1, Math.round(action.diameter))) };
    case "drawing":
      return withMode({ ...state, drawing: { ...state.drawing, ...action.change } });
    case "play":
      return { ...state, playing: action.playing };
    case "rate":
      return { ...state, framesPerSecond: action.framesPerSecond };
    case "view/ruler":
    case "view/ruler-gone":
    case "view/rulers-gone":
    case "view/rulers-kept":
    case "view/profile":
    case "view/presets":
    case "view/beside":
    case "view/beside-loaded":
      return changeView(state, action);
    default:
      return mayEdit(state) ? noteCorrection(edit(state, action), state, action) : state;
  }
}

const CORRECTIONS: ReadonlySet<Action["type"]> = new Set([
  "stroke/finish",
  "outline/finish",
  "shapes",
  "prompt/accept",
  "commit",
  "tracks/edit",
]);

function noteCorrection(after: Annotator, before: Annotator, { type }: Edit): Annotator {
  if (after.undo === before.undo) return after;
  if (CORRECTIONS.has(type)) return { ...after, corrected: before.frame };
  return type === "undo" ? { ...after, corrected: null } : after;
}

function edit(state: Annotator, action: Edit): Annotator {
  switch (action.type) {
    case "prompt/point":
      return addPoint(state, action.point, action.refines ?? null, action.requestId);
    case "band":
      return { ...state, band: action.band };
    case "prompt/box":
      return setBox(state, action.box, action.requestId);
    case "prompt/back":
      return undoPrompt(state, action.requestId);
    case "prompt/again":
      return askAgain(state, action.requestId);
    case "prompt/cycle":
      return cycleCandidates(state, action.step);
    case "prompt/accept":
      return acceptCandidate(state, action.requestId, action.track);
    case "prompt/cancel":
      return { ...state, prompt: null };
    case "stroke/begin":
      return { ...state, stroke: action.stroke };
    case "stroke/extend":
      return extendStroke(state, action.point);
    case "stroke/finish":
      return finishStroke(state, action.requestId, action.track);
    case "stroke/cancel":
      return { ...state, stroke: null };
    case "outline":
      return { ...state, outline: action.outline };
    case "outline/back":
      return undoCorner(state);
    case "outline/finish":
      return finishOutline(state, action.closing, action.requestId, action.track);
    case "shapes":
      return changeShapes(state, action.change, action.requestId);
    case "segment": {
      const { frame, segmenter } = state;
      const empty = {
        progress: undefined,
        answer: null,
        taken: new Set<number>(),
        minimumScore: leastScore(chosenSegmenter(state), segmenter.parameters),
        problem: null,
      };
      return {
        ...state,
        proposals: { frame, ...segmenter, requestId: action.requestId, ...empty },
        prompt: null,
      };
    }
    case "proposals/score": {
      const { proposals } = state;
      return proposals === null
        ? state
        : { ...state, proposals: { ...proposals, minimumScore: action.minimum } };
    }
    case "proposals/accept":
      return acceptProposals(state, action.requestId, action.accepted);
    case "proposals/dismiss":
      return { ...state, proposals: null };
    case "review/accept":
      return acceptStored(state, action.tracks, action.requestId);
    case "review/discard":
      return discardStored(state, action.tracks, action.requestId);
    case "phase":
      return assignPhase(state, action.phase, action.requestId);
    case "commit":
      return commit(state, action.gesture);
    case "tracks/edit":
      return askEdit(state, action.gesture);
    case "tracks/let-go":
      return { ...state, refused: null };
    case "undo":
      return undo(state, action.requestId);
    case "undo/object":
      return askObjectUndo(state, action.track, action.requestId);
    case "redo":
      return redo(state, action.requestId);
    case "problem/discard":
      return forget(state, action.requestId);
    case "problem/settle":
      return settleConflict(state, action.requestId, action.newRequestId, action.choices);
    case "problem/reapply":
      return reapply(state, action.requestId, action.newRequestId);
  }
}

function showFrame(state: Annotator, wanted: number): Annotator {
  const frame = Math.min(state.series.frames - 1, Math.max(0, Math.round(wanted)));
  if (frame === state.frame) return state;
  const selection = state.selection?.lasting === true ? state.selection : null;
  const review = state.review.seek === null ? state.review : { ...state.review, seek: null };
  return { ...state, frame, selection, review, hovered: null, stroke: null, band: null };
}

/** Every job under way, and those of a kind that ended since the newest was heard of; failed ones until dismissed. */
function withJob(jobs: readonly Job[], job: Job): readonly Job[] {
  if (jobs.some(({ id }) => id === job.id)) return jobs.map((one) => (one.id === job.id ? job : one));
  const over = ({ kind, state }: Job) => kind === job.kind && (state === "done" || state === "cancelled");
  return [...jobs.filter((one) => !over(one)), job];
}

/** The selected object's phase; with none selected (or a prompt open) the phase of what comes next. */
function assignPhase(state: Annotator, phase: string, requestId: string): Annotator {
  const next = { ...state, phase };
  const track = phaseReceiver(state);
  if (track === undefined || track.phase === phase) return next;
  const operation = { op: "track.set" as const, track: track.track, phase, name: track.name };
  return commit(next, { requestId, reason: "Set a phase", operations: [operation] });
}

function mergePast(state: Annotator, loaded: SeriesState): Annotator {
  if (state.past?.version !== loaded.version) return state; // another version, or the present, has taken its place
  const masks = new Map(loaded.masks.map((revision) => [revision.track, revision]));
  const frames = new Map(state.past.frames).set(loaded.frame, { loaded: true, masks });
  const tracks = new Map(loaded.tracks.map((revision) => [revision.track, revision]));
  const events = new Map(loaded.events.map((revision) => [revision.event, revision]));
  const { version, calibration } = loaded;
  const { runs } = state.past;
  return { ...state, past: { version, tracks, events, frames, runs, calibration } };
}

/** Work that an earlier page of this series left in the browser. Its questions are asked again. */
function kept(
  state: Annotator,
  { pending, prompt, asked, requestId }: Extract<Report, { type: "kept/found" }>,
): Pick<Annotator, "pending" | "prompt" | "asked" | "undo" | "redo"> {
  const known = new Set(state.pending.map((commit) => commit.requestId));
  const found = pending.filter((commit) => !known.has(commit.requestId));
  const answered = prompt?.answer?.requestId === prompt?.requestId;
  const again = state.asked ?? asked;
  const waiting: Pick<PendingCommit, "requestId" | "reason" | "undoes">[] = [...found];
  if (again !== null) waiting.push({ ...again, undoes: again.what === "take back" ? again.action : null });
  return {
    ...waiting.reduce<Pick<Annotator, "undo" | "redo">>(recall, { undo: state.undo, redo: state.redo }),
    pending: [...state.pending, ...found.map((commit) => ({ ...commit, problem: null }))],
    prompt:
      state.prompt !== null || prompt === null
        ? state.prompt
        : { ...prompt, requestId: answered ? prompt.requestId : requestId },
    asked: again,
  };
}
